// Documents for tests, small and whole.
import { crc32 } from 'node:zlib'

export const pdf = (more = '') =>
  Buffer.from(`%PDF-1.7\n${more}1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n`, 'latin1')

interface ZipOptions {
  /** What stands before the archive, or behind it. */
  readonly before?: Buffer
  readonly behind?: Buffer
  readonly flags?: number
  /** As writers of large archives end them, however small they are. */
  readonly is64?: boolean
}

/** An archive of these files, none of them packed. */
export function zipOf(
  files: readonly (readonly [name: string, content: string])[],
  options: ZipOptions = {},
) {
  const { before = Buffer.alloc(0), behind = Buffer.alloc(0), flags = 0, is64 = false } = options
  const [bodies, heads]: [Buffer[], Buffer[]] = [[], []]
  let at = before.length
  for (const [name, content] of files) {
    const [named, data] = [Buffer.from(name), Buffer.from(content)]
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(flags, 2)
    common.writeUInt32LE(crc32(data), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(data.length, 18)
    common.writeUInt16LE(named.length, 22)
    const end = Buffer.alloc(14)
    end.writeUInt32LE(at, 10)
    heads.push(Buffer.from('PK\x01\x02\x14\0', 'latin1'), common, end, named)
    const body = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, named, data])
    bodies.push(body)
    at += body.length
  }
  const directory = Buffer.concat(heads)
  const last = Buffer.alloc(22)
  last.write('PK\x05\x06', 'latin1')
  last.writeUInt16LE(is64 ? 0xffff : files.length, 8)
  last.writeUInt16LE(is64 ? 0xffff : files.length, 10)
  last.writeUInt32LE(is64 ? 0xffffffff : directory.length, 12)
  last.writeUInt32LE(is64 ? 0xffffffff : at, 16)
  const large = Buffer.alloc(is64 ? 76 : 0)
  if (is64) {
    large.write('PK\x06\x06', 0, 'latin1')
    large.writeBigUInt64LE(BigInt(files.length), 24)
    large.writeBigUInt64LE(BigInt(files.length), 32)
    large.writeBigUInt64LE(BigInt(directory.length), 40)
    large.writeBigUInt64LE(BigInt(at), 48)
    large.write('PK\x06\x07', 56, 'latin1')
    large.writeBigUInt64LE(BigInt(at + directory.length), 64)
  }
  return Buffer.concat([before, ...bodies, directory, large, last, behind])
}

type More = readonly (readonly [name: string, content: string])[]

const openXml =
  (part: string) =>
  (more: More = [], options: ZipOptions = {}) =>
    zipOf([['[Content_Types].xml', '<Types/>'], [part, '<x/>'], ...more], options)

export const docx = openXml('word/document.xml')
export const xlsx = openXml('xl/workbook.xml')
export const pptx = openXml('ppt/presentation.xml')

const openDocument =
  (kind: string) =>
  (more: More = []) =>
    zipOf([['mimetype', `application/vnd.oasis.opendocument.${kind}`], ['content.xml', '<x/>'], ...more])

export const odt = openDocument('text')
export const ods = openDocument('spreadsheet')
