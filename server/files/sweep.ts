// Erases the files that no row names: what was stored for calls that came to nothing, and what could not be erased when its row
// went. Which rows there are is said by the modules.
import type { Context } from '../context.ts'

/** The files of one part of the business. */
export interface KindOfFile {
  /** The key in the name of a file of this kind, also of one whose writing was cut off; undefined for any other name. */
  keyOf(name: string): string | undefined
  /** Of these keys, those that rows name. All are of files that have not been touched since `before`, in milliseconds since 1970. */
  inUse(ctx: Context, keys: readonly string[], before: number): Promise<readonly string[]>
}

interface OldFile {
  readonly name: string
  readonly key: string
}

/** No call takes as long between storing a file and naming it in a row. */
const hour = 3_600_000
const lookedUpAtOnce = 500

/**
 * Only what bears a name of ours is erased: a store that is another's, by a wrong setting, loses nothing.
 */
export async function sweepFiles(ctx: Context, kinds: readonly KindOfFile[]): Promise<void> {
  const before = ctx.clock() - hour
  const old = kinds.map((kind) => ({ kind, files: [] as OldFile[] }))
  let strangers = 0
  for await (const { name, modified } of ctx.files.list()) {
    const of = old.find(({ kind }) => kind.keyOf(name) !== undefined)
    if (!of) strangers += 1
    else if (modified < before) of.files.push({ name, key: of.kind.keyOf(name) ?? '' })
    if (of && of.files.length >= lookedUpAtOnce)
      await eraseUnused(ctx, of.kind, { files: of.files.splice(0), before })
  }
  for (const { kind, files } of old) await eraseUnused(ctx, kind, { files, before })
  if (strangers > 0)
    ctx.log.warn({ files: strangers }, 'files that Frontdesk did not write lie in its file store')
}

async function eraseUnused(
  ctx: Context,
  kind: KindOfFile,
  { files, before }: { readonly files: readonly OldFile[]; readonly before: number },
): Promise<void> {
  if (files.length === 0) return
  const keys = files.map(({ key }) => key)
  const inUse = new Set(await kind.inUse(ctx, keys, before))
  for (const { name, key } of files)
    if (!inUse.has(key) || name.endsWith('.tmp')) await ctx.files.delete(name)
}
