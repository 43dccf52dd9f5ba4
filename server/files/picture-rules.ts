// What can be said of a picture by looking at its bytes, before anything decodes them.
import { hasArchive, markup } from './polyglot-rules.ts'

export type PictureType = 'image/jpeg' | 'image/png' | 'image/webp'

/** By how the file begins, which is what a decoder goes by; undefined for anything that is no such picture. */
export function pictureTypeOf(bytes: Buffer): PictureType | undefined {
  const begin = bytes.toString('latin1', 0, 12)
  if (begin.startsWith('\xFF\xD8\xFF')) return 'image/jpeg'
  if (begin.startsWith('\x89PNG\r\n\x1A\n')) return 'image/png'
  return begin.startsWith('RIFF') && begin.slice(8) === 'WEBP' ? 'image/webp' : undefined
}

/** It stands in the first KiB. */
const pdfBegin = '%PDF-'

/**
 * True for a file that something else than a picture can be read from: a page, a script, an archive, a document. We keep nothing
 * of it but the pixels; whoever sends such a file means no good by it, or does not know what they send.
 */
export function isPolyglot(bytes: Buffer): boolean {
  return (
    markup.test(bytes.toString('latin1')) || hasArchive(bytes) || bytes.subarray(0, 1_024).includes(pdfBegin)
  )
}
