// Pure rules of what an attachment is called: its sender's word for it, made harmless.
import type { Attachment } from '../../contract/index.ts'

/** The endings that a name of each type may have; the first is given to one that has none of them. */
const endings: Readonly<Record<Attachment['media_type'], readonly [string, ...string[]]>> = {
  'image/webp': ['webp'],
  'application/pdf': ['pdf'],
  'text/plain': ['txt', 'text', 'log', 'md'],
  'text/csv': ['csv'],
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': ['docx'],
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': ['xlsx'],
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': ['pptx'],
  'application/vnd.oasis.opendocument.text': ['odt'],
  'application/vnd.oasis.opendocument.spreadsheet': ['ods'],
}

/** In characters; file systems take 255 bytes. */
const longestStem = 100

/** Cannot be seen, or turn round what stands behind them; and what no name of a file may hold. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const forbidden = /[<>:"|?*\\/]/g

/**
 * Of what a sender calls a file: the last part of the path, without what cannot be seen, what a system forbids, or dots in front.
 * A name never says that the file is anything else than it is: `run.bat` that is text becomes `run.bat.txt`.
 */
export function tidyName(given: string, type: Attachment['media_type']): string {
  const [ending, ...others] = endings[type]
  const name = unescaped(given)
    .toWellFormed()
    .normalize('NFC')
    .replaceAll(unseen, '')
    .split(/[\\/]/)
    .at(-1)
    ?.replaceAll(forbidden, '_')
    .replace(/^[\s.]+|[\s.]+$/gu, '')
  const [, stem = name ?? '', last = ''] = /^(.+)\.(\w+)$/su.exec(name ?? '') ?? []
  const found = last.toLowerCase()
  if ([ending, ...others].includes(found)) return `${cut(stem)}.${found}`
  const isPictures = type === 'image/webp' && /^(?:jpe?g|jfif|png)$/.test(found)
  return `${cut((isPictures ? stem : name) ?? '')}.${ending}`
}

/** What browsers write in place of three characters in the head of a part (HTML, section 4.10.21.8). */
const unescaped = (name: string) => name.replaceAll(/%(?:22|0A|0D)/gi, (escape) => decodeURIComponent(escape))

function cut(stem: string): string {
  const short = [...stem].slice(0, longestStem).join('').trim()
  return short === '' ? 'attachment' : short
}

/** Content-Disposition (RFC 6266): the name for old programs in ASCII, and as it is (RFC 8187). */
export function disposition(kind: 'inline' | 'attachment', name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/gu, '_')
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${kind}; filename="${plain}"; filename*=UTF-8''${encoded}`
}

/** The name of a file in the store: its hash, and a number that no other has. */
export const attachmentKey = (sha256: string, nonce: string) => `${sha256}-${nonce}`

/** The key in the name of a file of ours, also of one whose writing was cut off; undefined for a name that we never gave. */
export function keyOfAttachmentFile(name: string): string | undefined {
  return /^([0-9a-f]{64}-[0-9a-f]{16})(?:\.[0-9a-f]{12}\.tmp)?$/.exec(name)?.[1]
}
