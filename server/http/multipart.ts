// Takes multipart/form-data (RFC 7578) apart: few parts, small fields, and nothing of it is believed.
import { Busboy } from '@fastify/busboy'
import { type AppError, badRequest, invalid } from '../errors.ts'

interface Field {
  readonly name: string
  readonly value: string
}

export interface File {
  readonly name: string
  /** What its sender calls it; empty where they do not. */
  readonly filename: string
  readonly type: string
  bytes: Buffer
}

export interface Form {
  readonly fields: readonly Field[]
  readonly files: readonly File[]
}

/** What a form may have. */
export interface FormLimits {
  /** Bytes of a field's value. */
  readonly fieldBytes: number
  /** Bytes of a file. */
  readonly fileBytes: number
  readonly files: number
  /** What is thrown, as soon as it is seen, for a file with more; `before` are those that came before it. */
  readonly tooLarge: (file: File, before: readonly File[]) => AppError
}

const fieldsAtMost = 30

const limitsOf = ({ fieldBytes, fileBytes, files }: FormLimits) => ({
  fieldNameSize: 100,
  fieldSize: fieldBytes,
  fields: fieldsAtMost,
  fileSize: fileBytes,
  files,
  parts: fieldsAtMost + files,
  headerPairs: 10,
  headerSize: 4 * 1024,
})

/** RFC 2046, section 5.1.1: at most 70 characters, of these. */
const boundaryPattern =
  /;\s*boundary=(?:"([\w'()+,./:=? -]{0,69}[\w'()+,./:=?-])"|([\w'()+,./:=?-]{1,70}))\s*(?:;|$)/i

/**
 * `type`: the body's Content-Type. Throws a 400 for what is no form, a 422 for one with too much in it, and both only when all of
 * the body has come, since whoever is still sending hears nothing.
 */
export async function readForm(
  chunks: AsyncIterable<Buffer>,
  type: string,
  formLimits: FormLimits,
): Promise<Form> {
  if (!boundaryPattern.test(type))
    throw badRequest(
      'bad_multipart',
      'Content-Type must name the boundary of the parts, of 1 to 70 characters.',
    )
  const limits = limitsOf(formLimits)
  const fields: Field[] = []
  const files: File[] = []
  const parser = new Busboy({ headers: { 'content-type': type }, limits })
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
  let failure: AppError | undefined
  let oversized: File | undefined
  const fail = (error: AppError) => {
    failure ??= error
    finish()
  }

  parser.on('field', (name, value, _nameTruncated, truncated) => {
    if (truncated) fail(tooMuch(`must not have a field of more than ${limits.fieldSize} bytes`))
    fields.push({ name: name ?? '', value })
  })
  parser.on('file', (name, stream, filename, _encoding, type) => {
    const parts: Buffer[] = []
    stream.on('data', (part: Buffer) => parts.push(part))
    const file: File = { name: name ?? '', filename: filename ?? '', type, bytes: Buffer.alloc(0) }
    files.push(file)
    stream.on('limit', () => (oversized ??= file))
    stream.on('end', () => (file.bytes = Buffer.concat(parts.splice(0))))
    stream.on('error', () => fail(malformed()))
  })
  parser.on('partsLimit', () => fail(tooMuch(`must not have more than ${limits.parts} parts`)))
  parser.on('fieldsLimit', () => fail(tooMuch(`must not have more than ${limits.fields} fields`)))
  parser.on('filesLimit', () => fail(tooMuch(`must not have more than ${inWords(limits.files)}`)))
  parser.on('error', () => fail(malformed()))
  parser.on('finish', finish)

  const refuseOversized = () => {
    if (oversized) throw formLimits.tooLarge(oversized, files.slice(0, files.indexOf(oversized)))
  }
  for await (const chunk of chunks) {
    refuseOversized()
    if (!failure) parser.write(chunk)
  }
  if (!failure) parser.end()
  await finished
  refuseOversized()
  if (failure) throw failure
  return { fields, files }
}

const inWords = (count: number) => (count === 1 ? 'one file' : `${count} files`)

const tooMuch = (detail: string) => invalid([{ in: 'body', pointer: '', detail }])

const malformed = () => badRequest('bad_multipart', 'The body is no multipart/form-data, or not all of it.')
