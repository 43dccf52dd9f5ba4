// Verifying that the audit log is as it was written: every event is in the chain, and every hash fits. What it cannot see by
// itself is a chain that was cut off at its end, or written anew from some position on: for that, an entry noted down elsewhere
// is held against it (decisions/0014).
import type { Context } from '../context.ts'
import { relay } from '../db/relay.ts'
import * as repository from './chain-repository.ts'
import type { BrokenEntry, ChainEntry } from './chain-repository.ts'

export type { ChainEntry } from './chain-repository.ts'

export interface Verification {
  /** The last entry; none when nothing has happened yet. */
  readonly end: ChainEntry | undefined
  readonly findings: number
}

const atOnce = 10_000

/** Tells each thing that is wrong, in a sentence. Whoever works meanwhile does not disturb it, nor it them. */
export async function verifyChain(
  ctx: Context,
  expected: ChainEntry | undefined,
  tell: (finding: string) => void,
): Promise<Verification> {
  let findings = 0
  const found = (sentences: readonly string[]) => {
    findings += sentences.length
    sentences.forEach((sentence) => tell(sentence))
  }
  await relay(ctx.db)
  const end = await repository.lastEntry.first(ctx.db, {})

  for (const range of batches(end?.position ?? 0)) {
    const broken = await repository.brokenEntries.all(ctx.db, range)
    found(broken.flatMap(whatIsWrong))
  }
  // Not by numbers: one that somebody has made up may be far from all others.
  for (let after: number = Number.MIN_SAFE_INTEGER; ;) {
    const until = (await repository.endOfBatch.first(ctx.db, { after, size: atOnce }))?.until
    if (until == null) break
    const strays = await repository.strays.all(ctx.db, { after, until })
    after = until
    found(
      strays.map(
        ({ id }) => `Event ${id} is not in the chain, although nothing is written without a position in it.`,
      ),
    )
  }
  const notes = await repository.notesOfNothing.all(ctx.db, {})
  found(notes.map(({ event_id }) => `Event ${event_id} is gone; it had not been put into the chain yet.`))
  if (expected) found(await differences(ctx, expected, end))
  return { end, findings }
}

function* batches(until: number) {
  for (let after = 0; after < until; after += atOnce) yield { after, until: Math.min(after + atOnce, until) }
}

function whatIsWrong({ position, event_id, previous, event_missing, hash_wrong }: BrokenEntry): string[] {
  const first = (previous ?? 0) + 1
  const last = position - 1
  return [
    ...(first === last ? [`Number ${first} of the chain is gone.`] : []),
    ...(first < last ? [`Numbers ${first} to ${last} of the chain are gone.`] : []),
    ...(event_missing ? [`Event ${event_id}, number ${position} of the chain, is gone.`] : []),
    ...(hash_wrong
      ? [
          `Event ${event_id}, number ${position} of the chain, is not what was put there, or its hash was changed.`,
        ]
      : []),
  ]
}

async function differences(
  ctx: Context,
  expected: ChainEntry,
  end: ChainEntry | undefined,
): Promise<string[]> {
  const there = await repository.entryAt.first(ctx.db, { position: expected.position })
  if (there?.hash === expected.hash) return []
  if (there)
    return [`Number ${expected.position} of the chain has the hash ${there.hash}, not the expected one.`]
  return [
    `The chain ends with number ${end?.position ?? 0}, before number ${expected.position}, which is expected in it.`,
  ]
}
