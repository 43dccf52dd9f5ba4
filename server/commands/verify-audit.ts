// `frontdesk audit verify`: for whoever has to know that the audit log is as it was written.
import { type ChainEntry, verifyChain } from '../audit/index.ts'
import type { Config } from '../config.ts'
import { hasDatabase } from '../db/connect.ts'
import { badRequest } from '../errors.ts'
import { say } from './say.ts'
import { withDatabase } from './with-database.ts'

/** Enough to see what happened; the rest is counted. */
const toldAtMost = 100

export async function verifyAudit(config: Config, expect: string | undefined): Promise<void> {
  const expected = expect === undefined ? undefined : readEntry(expect)
  // A wrong DATA_DIR would be made, and found to be in order.
  if (!hasDatabase(config))
    throw badRequest('no_database', `There is no database of Frontdesk in DATA_DIR ${config.dataDir}.`)
  await withDatabase(config, async (ctx) => {
    let told = 0
    const { end, findings } = await verifyChain(ctx, expected, (finding) => {
      told += 1
      if (told <= toldAtMost) say(finding)
    })
    if (findings > toldAtMost) say(`And ${findings - toldAtMost} more like these.`)
    if (findings > 0) {
      say('The audit log is not as it was written.')
      return 1
    }
    say(
      end
        ? `${end.position} ${end.position === 1 ? 'event' : 'events'} in one unbroken chain; the last is number ${end.position} with the hash ${end.hash}.`
        : 'Nothing has happened yet: the chain is empty.',
    )
    return 0
  })
}

/** Such as `1200:` and 64 hexadecimal digits. */
function readEntry(text: string): ChainEntry {
  const [, position, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/i.exec(text) ?? []
  if (position === undefined || hash === undefined) {
    throw badRequest(
      'bad_chain_entry',
      `--expect takes a number and a hash that were told before, such as 12:5f3a…, not ${text}.`,
    )
  }
  return { position: Number(position), hash: hash.toLowerCase() }
}
