// Pictures for tests, and what must be true of all files that a desk keeps (I34).
import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { photoSizes } from '../../contract/index.ts'
import type { Context } from '../../server/context.ts'
import { fileBytes } from './file-bytes.ts'

type Format = 'jpeg' | 'png' | 'webp'

/** One color all over, by which it is known again. */
export function picture(format: Format = 'png', { width = 320, height = 200, color = '#c02020' } = {}) {
  const plain = sharp({ create: { width, height, channels: 3, background: color } })
  return plain[format]().toBuffer()
}

export const asUpload = (bytes: Buffer, type = 'image/png') => new Blob([new Uint8Array(bytes)], { type })

interface Row {
  readonly id: number
  readonly photo_key: string
  readonly photo_large_hash: string
  readonly photo_small_hash: string
}

interface AttachmentRow {
  readonly id: number
  readonly sha256: string
  readonly key: string
}

/** Says of each photo and attachment in the database whose file is not there, or is another one, and of each file that no row names for an hour. */
export async function filesOutOfPlace({ db, files, clock }: Context): Promise<string[]> {
  const { rows } = await db.query({ text: 'select * from customers where photo_key is not null' })
  const wrong: string[] = []
  const named = new Set<string>()
  for (const row of rows as Row[]) {
    for (const size of photoSizes) {
      const name = `${row.photo_key}-${size}.webp`
      named.add(name)
      const bytes = await fileBytes(files, name)
      const hash = bytes && createHash('sha256').update(bytes).digest('hex')
      if (bytes && bytes.toString('latin1', 8, 12) !== 'WEBP') wrong.push(`${name} is no WebP`)
      if (hash !== row[`photo_${size}_hash`]) wrong.push(`customer ${row.id}: ${name} is ${hash ?? 'absent'}`)
    }
  }
  const attachments = await db.query({
    text: 'select attachments.id, sha256, key from attachment_files left join attachments using (sha256)',
  })
  for (const { id, sha256, key } of attachments.rows as AttachmentRow[]) {
    named.add(key)
    const bytes = await fileBytes(files, key)
    const hash = bytes && createHash('sha256').update(bytes).digest('hex')
    if (hash !== sha256) wrong.push(`attachment ${id}: ${key} is ${hash ?? 'absent'}`)
  }
  for await (const { name, modified } of files.list())
    if (!named.has(name) && modified < clock() - 3_600_000) wrong.push(`${name} is nobody's`)
  return wrong
}
