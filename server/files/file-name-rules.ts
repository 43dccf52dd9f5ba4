// Pure rules of what a file is called: its sender's word for it, made harmless.
import { posix } from 'node:path'
import type { keptPictureType } from '../../contract/index.ts'
import type { DocumentType } from './document-rules.ts'

type KeptType = typeof keptPictureType | DocumentType

/** The endings that a name of each type may have; the first is given to one that has none of them. */
const endings: Readonly<Record<KeptType, readonly [string, ...string[]]>> = {
  'image/webp': ['webp'],
  'application/pdf': ['pdf'],
  'text/plain': ['txt', 'text', 'log', 'md', 'json', 'yaml', 'yml', 'tsv'],
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
const forbidden = /[<>:"|?*]/g

/** Of the pictures that are written anew, and then end otherwise. */
const pictureEndings = ['jpg', 'jpeg', 'jfif', 'png']

/**
 * Of what a sender calls a file: the last part of the path, without what cannot be seen, what a system forbids, or dots in front.
 * A name never says that the file is anything else than it is: `run.bat` that is text becomes `run.bat.txt`.
 */
export function tidyName(given: string, type: KeptType): string {
  const [ending, ...others] = endings[type]
  const name = harmless(given)
  const { name: stem, ext } = posix.parse(name)
  const found = ext.slice(1).toLowerCase()
  if ([ending, ...others].includes(found)) return called(stem, found)
  const isPictures = type === 'image/webp' && pictureEndings.includes(found)
  return called(isPictures ? stem : name, ending)
}

/** The same of a file whose type is not known, to tell its sender which it was; empty where they do not call it anything. */
export const shownName = (given: string) => cut(harmless(given))

function harmless(given: string): string {
  const path = unescaped(given).toWellFormed().normalize('NFC').replaceAll(unseen, '').replaceAll('\\', '/')
  return path
    .slice(path.lastIndexOf('/') + 1)
    .replaceAll(forbidden, '_')
    .replace(/^[\s.]+|[\s.]+$/gu, '')
}

/** What browsers write in place of three characters in the head of a part (HTML, section 4.10.21.8). */
const unescaped = (name: string) => name.replaceAll(/%(?:22|0A|0D)/gi, (escape) => decodeURIComponent(escape))

const cut = (name: string) => [...name].slice(0, longestStem).join('').trim()

const called = (stem: string, ending: string) => `${cut(stem) || 'attachment'}.${ending}`

/** Content-Disposition (RFC 6266): the name for old programs in ASCII, and as it is (RFC 8187). */
export function disposition(kind: 'inline' | 'attachment', name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/gu, '_')
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${kind}; filename="${plain}"; filename*=UTF-8''${encoded}`
}
