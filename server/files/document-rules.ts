// Pure rules of which documents are taken. What a file is, its bytes say; who sends it may only agree.
import { isUtf8 } from 'node:buffer'
import type { documentTypes } from '../../contract/index.ts'
import { archiveEntries, firstStoredFile } from './archive-rules.ts'
import { hasArchive, markup } from './polyglot-rules.ts'

export type DocumentType = (typeof documentTypes)[number]

export interface Document {
  readonly type: DocumentType
  /** What is wrong with it; undefined where nothing is. */
  readonly refusal: string | undefined
}

/** Undefined for what is none of them. `name` decides only between a text and a table: both are text. */
export function documentOf(bytes: Buffer, name: string): Document | undefined {
  const begin = bytes.toString('latin1', 0, 5)
  if (begin === '%PDF-') return { type: 'application/pdf', refusal: whyNoPdf(bytes) }
  if (begin.startsWith('PK\x03\x04')) return officeDocumentOf(bytes)
  if (!isPlainText(bytes)) return undefined
  return { type: /\.csv$/i.test(name) ? 'text/csv' : 'text/plain', refusal: undefined }
}

const office = 'application/vnd.openxmlformats-officedocument'
const openDocument = [
  'application/vnd.oasis.opendocument.text',
  'application/vnd.oasis.opendocument.spreadsheet',
] as const

const mainParts: readonly [RegExp, DocumentType][] = [
  [/^word\/document\d*\.xml$/, `${office}.wordprocessingml.document`],
  [/^xl\/workbook\.xml$/, `${office}.spreadsheetml.sheet`],
  [/^ppt\/presentation\.xml$/, `${office}.presentationml.presentation`],
]

/** By what is in the archive; undefined for any other archive, and for one that could be two things. */
function officeDocumentOf(bytes: Buffer): Document | undefined {
  const names = archiveEntries(bytes)
  if (!names) return undefined
  const types = openDocument.filter((type) => firstStoredFile(bytes, 'mimetype') === type)
  const found = mainParts.filter(([part]) => names.some((name) => part.test(name))).map(([, type]) => type)
  const isOpenXml = names.includes('[Content_Types].xml')
  const [type, another] = [...types, ...(isOpenXml ? found : [])]
  return type && !another ? { type, refusal: whyHarmful(names) } : undefined
}

/** What text has none of; an escape begins the colors of a log. */
// oxlint-disable-next-line no-control-regex
const binary = /[\x00-\x08\x0B\x0E-\x1A\x1C-\x1F]/
/** What begins so, however many blanks stand before, is a page, a drawing, a script, a printer's program or rich text. */
const notPlain = /^[\s\uFEFF]*(?:<[a-z!?/]|#!|%!PS|\{\\rtf)/i

function isPlainText(bytes: Buffer): boolean {
  return (
    bytes.length > 0 &&
    isUtf8(bytes) &&
    !binary.test(bytes.toString('latin1')) &&
    !notPlain.test(bytes.toString('utf8', 0, 65_536))
  )
}

/** What browsers and programs call text that is for people as much as for programs; it is kept as plain text. */
const plainTexts = [
  'text/plain',
  'text/csv',
  'text/markdown',
  'text/tab-separated-values',
  'application/json',
  'application/yaml',
  'application/x-yaml',
]

/** Whether a file of this type may be called that: as browsers do it, or not at all. */
export function agrees(found: string, declared: string | undefined): boolean {
  if (declared === undefined || declared === found) return true
  // What a Windows with Excel makes of every .csv.
  if (found === 'text/csv' && declared === 'application/vnd.ms-excel') return true
  return (found === 'text/csv' || found === 'text/plain') && plainTexts.includes(declared)
}

const macros = /(?:^|\/)vbaProject\.bin$|^xl\/macrosheets\/|^(?:Basic|Scripts)\//i
/** Windows leaves out the dots and blanks behind a name. */
const programs =
  /\.(?:bat|chm|class|cmd|com|cpl|dex|dll|exe|hta|jar|jse?|lnk|msc|msi|pif|ps1|reg|scr|url|vb[es]|wsf)[. ]*$/i

function whyNoPdf(bytes: Buffer): string | undefined {
  const isTwoThings = hasArchive(bytes) || markup.test(bytes.toString('latin1', 0, 1_024))
  if (isTwoThings) return 'must be a PDF and nothing else besides'
  return bytes.subarray(-2_048).includes('%%EOF') ? undefined : 'must be a whole PDF'
}

/** `names`: of what is in an office file. */
function whyHarmful(names: readonly string[]): string | undefined {
  if (names.some((name) => macros.test(name))) return 'must have no macros; save it without them'
  return names.some((name) => programs.test(name)) ? 'must have no programs in it' : undefined
}

/** True for what would be text if it were in UTF-8. */
export const isTextInAnotherEncoding = (bytes: Buffer): boolean =>
  !isUtf8(bytes) && (utf16.test(bytes.toString('latin1', 0, 2)) || !binary.test(bytes.toString('latin1')))

/** How text in UTF-16 begins. */
const utf16 = /\xFF\xFE|\xFE\xFF/
