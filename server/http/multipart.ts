// Takes multipart/form-data (RFC 7578) apart: few parts, small fields, and nothing of it is believed.
import { Busboy } from '@fastify/busboy'
import { badRequest, invalid } from '../errors.ts'

interface Field {
  readonly name: string
  readonly value: string
}

interface File {
  readonly name: string
  readonly type: string
  readonly bytes: Buffer
}

export interface Form {
  readonly fields: readonly Field[]
  readonly files: readonly File[]
}

const limits = {
  fieldNameSize: 100,
  /** Bytes: more than the longest field of ours, in four bytes a character. */
  fieldSize: 8 * 1024,
  fields: 30,
  files: 1,
  parts: 31,
  headerPairs: 10,
  headerSize: 4 * 1024,
}

/** RFC 2046, section 5.1.1: at most 70 characters, of these. */
const boundaryPattern =
  /;\s*boundary=(?:"([\w'()+,./:=? -]{0,69}[\w'()+,./:=?-])"|([\w'()+,./:=?-]{1,70}))\s*(?:;|$)/i

/** `type`: the body's Content-Type. Throws a 400 for what is no form, and a 422 for one with too much in it. */
export function readForm(body: Buffer, type: string): Promise<Form> {
  if (!boundaryPattern.test(type))
    throw badRequest(
      'bad_multipart',
      'Content-Type must name the boundary of the parts, of 1 to 70 characters.',
    )
  const { promise, resolve, reject } = Promise.withResolvers<Form>()
  const fields: Field[] = []
  const files: File[] = []
  const parser = new Busboy({ headers: { 'content-type': type }, limits })

  parser.on('field', (name, value, _nameTruncated, truncated) => {
    if (truncated) reject(tooMuch(`must not have a field of more than ${limits.fieldSize} bytes`))
    fields.push({ name: name ?? '', value })
  })
  parser.on('file', (name, stream, _filename, _encoding, type) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => files.push({ name: name ?? '', type, bytes: Buffer.concat(chunks) }))
    stream.on('error', () => reject(malformed()))
  })
  parser.on('partsLimit', () => reject(tooMuch(`must not have more than ${limits.parts} parts`)))
  parser.on('fieldsLimit', () => reject(tooMuch(`must not have more than ${limits.fields} fields`)))
  parser.on('filesLimit', () => reject(tooMuch('must not have more than one file')))
  parser.on('error', () => reject(malformed()))
  parser.on('finish', () => resolve({ fields, files }))
  parser.end(body)
  return promise
}

const tooMuch = (detail: string) => invalid([{ in: 'body', pointer: '', detail }])

const malformed = () => badRequest('bad_multipart', 'The body is no multipart/form-data, or not all of it.')
