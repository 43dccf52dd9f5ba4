import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

export interface Options {
  readonly rounds: number
  /** How long each variant is measured in each round. */
  readonly seconds: number
  readonly connections: number
  readonly customers: number
  readonly only: readonly string[]
  /** Another checkout of Frontdesk, measured in the same run. */
  readonly against: string | undefined
  /** What the files of results are called, after the date. */
  readonly name: string
}

export const help = `npm run bench -- [options]
  --rounds 5        rounds; every variant is measured in each, in shuffled order
  --seconds 2       how long each time
  --connections 48  how many clients call at once
  --rows 100000     customers; there are five requests for each
  --only a,b        of: get, list, list-pending, create, create-keyed, assign, inbox, reply, start
  --against folder  another checkout (with node_modules), in the same run: what has a change cost?
  --name run        what the results in bench/results/ are called
BENCH_NODE_OPTIONS='--cpu-prof --cpu-prof-dir=/tmp/profile' shows where the server's time goes.
node bench/overload.ts compares limits on what is done at once, with a thousand clients.`

export function readOptions(args: string[]): Options | undefined {
  const text = (value: string) => ({ type: 'string', default: value }) as const
  const { values } = parseArgs({
    args,
    options: {
      rounds: text('5'),
      seconds: text('2'),
      connections: text('48'),
      rows: text('100000'),
      only: text(''),
      against: { type: 'string' },
      name: text('run'),
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  return {
    rounds: whole('rounds', values.rounds),
    seconds: whole('seconds', values.seconds),
    connections: whole('connections', values.connections),
    customers: whole('rows', values.rows),
    only: values.only.split(',').filter((name) => name !== ''),
    against: values.against === undefined ? undefined : resolve(values.against),
    name: values.name,
  }
}

function whole(name: string, value: string): number {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${name} must be a whole number above 0, not ${value}`)
  return number
}
