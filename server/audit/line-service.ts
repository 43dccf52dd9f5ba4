// Proving that the audit log is as it was written: every event is in line, and every seal fits. What it cannot see by itself
// is a line that was cut off at its end, or written anew from some place on: for that, a seal noted down elsewhere is held
// against it (decisions/0014).
import type { Context } from '../context.ts'
import { relay } from '../db/relay.ts'
import * as repository from './line-repository.ts'
import type { BrokenSeal, Seal } from './line-repository.ts'

export type { Seal } from './line-repository.ts'

export interface Proof {
  /** The last seal; none when nothing has happened yet. */
  readonly end: Seal | undefined
  readonly findings: number
}

const atOnce = 10_000

/** Tells each thing that is wrong, in a sentence. Whoever works meanwhile does not disturb it, nor it them. */
export async function proveLine(
  ctx: Context,
  expected: Seal | undefined,
  tell: (finding: string) => void,
): Promise<Proof> {
  let findings = 0
  const found = (sentences: readonly string[]) => {
    findings += sentences.length
    sentences.forEach((sentence) => tell(sentence))
  }
  await relay(ctx.db)
  const end = await repository.endOfLine.first(ctx.db, {})
  const lastEvent = await repository.lastEvent.first(ctx.db, {})

  for (const range of batches(end?.position ?? 0)) {
    const broken = await repository.brokenSeals.all(ctx.db, range)
    found(broken.flatMap(whatIsWrong))
  }
  for (const range of batches(lastEvent?.id ?? 0)) {
    const strays = await repository.strays.all(ctx.db, range)
    found(
      strays.map(
        ({ id }) => `Event ${id} is not in line, although nothing is written without a place in it.`,
      ),
    )
  }
  const notes = await repository.notesOfNothing.all(ctx.db, {})
  found(notes.map(({ event_id }) => `Event ${event_id} is gone; it had not been put in line yet.`))
  if (expected) found(await differences(ctx, expected, end))
  return { end, findings }
}

function* batches(until: number) {
  for (let after = 0; after < until; after += atOnce) yield { after, until: Math.min(after + atOnce, until) }
}

function whatIsWrong({ position, event_id, previous, event_missing, hash_wrong }: BrokenSeal): string[] {
  const first = (previous ?? 0) + 1
  const last = position - 1
  return [
    ...(first === last ? [`Number ${first} of the line is gone.`] : []),
    ...(first < last ? [`Numbers ${first} to ${last} of the line are gone.`] : []),
    ...(event_missing ? [`Event ${event_id}, number ${position} of the line, is gone.`] : []),
    ...(hash_wrong
      ? [
          `Event ${event_id}, number ${position} of the line, is not what was put there, or its seal was changed.`,
        ]
      : []),
  ]
}

async function differences(ctx: Context, expected: Seal, end: Seal | undefined): Promise<string[]> {
  const there = await repository.sealAt.first(ctx.db, { position: expected.position })
  if (there?.hash === expected.hash) return []
  if (there)
    return [`Number ${expected.position} of the line has the hash ${there.hash}, not the expected one.`]
  return [
    `The line ends with number ${end?.position ?? 0}, before number ${expected.position}, which is expected in it.`,
  ]
}
