// Reads bodies that bring files: a picture by itself, or multipart/form-data with fields beside it. They are in memory until the
// call is answered: nothing is left behind on a disk by who leaves in the middle, and how much there may be is bounded.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Endpoint, endpoints, type Upload } from '../../contract/index.ts'
import { AppError, badRequest, invalid } from '../errors.ts'
import { shownName } from '../files/file-name-rules.ts'
import { countedAs } from '../counted-as.ts'
import { requireMediaType } from './media-types.ts'
import { type File, type Form, readForm } from './multipart.ts'
import { escapePointer, unstorableText } from './text.ts'
import { type Place, uploadRoom } from './upload-room.ts'
import { readAs } from './validation.ts'

export interface UploadedFile {
  readonly bytes: Buffer
  /** What its sender says it is; undefined where they do not. */
  readonly type: string | undefined
  /** What its sender calls it, for nobody to believe; empty where they do not. */
  readonly name: string
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The files that came along; read with the body. */
    uploaded: readonly UploadedFile[] | undefined
    /** What they take up. */
    uploadPlace: Place | undefined
  }
}

/** What multipart needs around files: boundaries, heads of parts, small fields. */
const around = 64 * 1024

export function readUploads(app: FastifyInstance) {
  const enter = uploadRoom()
  app.decorateRequest('uploaded', undefined)
  app.decorateRequest('uploadPlace', undefined)

  /** `atMost`: bytes of the whole body. */
  async function read<T>(
    request: FastifyRequest,
    { payload, atMost }: { readonly payload: AsyncBody; readonly atMost: number },
    into: (chunks: AsyncIterable<Buffer>) => Promise<T>,
  ): Promise<T> {
    const place = enter(countedAs(request))
    request.uploadPlace = place
    try {
      const announced = Number(request.headers['content-length'] ?? 0)
      if (announced > atMost) throw tooLarge(uploadOf(request))
      request.weigh?.(announced)
      place.expect(announced)
      return await into(bounded(request, { payload, atMost }))
    } catch (error) {
      place.leave()
      throw error
    } finally {
      place.hasCome()
    }
  }

  app.addHook('onSend', (request, _reply, payload, done) => {
    request.uploadPlace?.leave()
    done(null, payload)
  })

  const pictures = endpoints.flatMap(({ config, schema }: Endpoint) =>
    schema.body ? [] : (config.upload?.types ?? []),
  )
  app.addContentTypeParser([...new Set(pictures)], async (request: FastifyRequest, payload: AsyncBody) => {
    const type = mediaTypeOf(request)
    requireMediaType(request, type)
    const { maxBytes } = uploadOf(request)
    const bytes = await read(request, { payload, atMost: maxBytes }, wholeOf)
    request.uploaded = [{ bytes, type, name: '' }]
    return undefined
  })

  app.addContentTypeParser('multipart/form-data', async (request: FastifyRequest, payload: AsyncBody) => {
    requireMediaType(request, 'multipart/form-data')
    const upload = uploadOf(request)
    const { maxBytes, maxFiles } = upload
    const fieldBytes = longestField(request)
    const form = await read(
      request,
      { payload, atMost: maxBytes * maxFiles + fieldBytes + around },
      (chunks) =>
        readForm(chunks, request.headers['content-type'] ?? '', {
          fieldBytes,
          fileBytes: maxBytes,
          files: maxFiles,
          tooLarge: (file, before) => fileTooLarge(upload, pointerTo(file, upload, before), file.filename),
        }),
    )
    request.uploaded = filesOf(form, upload)
    return fieldsOf(form, upload, request)
  })
}

type AsyncBody = FastifyRequest['raw']

const mediaTypeOf = ({ headers }: FastifyRequest) =>
  (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

function uploadOf({ routeOptions: { config } }: FastifyRequest): Upload {
  if (!config.upload) throw new Error('This route takes no file')
  return config.upload
}

/** Throws a 413 once there is too much of it, and counts what is in memory. */
async function* bounded(
  request: FastifyRequest,
  { payload, atMost }: { readonly payload: AsyncBody; readonly atMost: number },
): AsyncGenerator<Buffer> {
  let length = 0
  // Left open when it is too long: an answer goes over the same connection, which is closed after that.
  for await (const chunk of payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > atMost) throw tooLarge(uploadOf(request))
    request.weigh?.(length)
    request.uploadPlace?.take(chunk.length)
    yield chunk
  }
}

async function wholeOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}

/** Of several files it is not known which is too large, where they are not looked at. */
function tooLarge(upload: Upload) {
  const { field, maxFiles } = upload
  if (maxFiles === 1) return fileTooLarge(upload, `/${field}`)
  return new AppError(
    'too_large',
    `Of ${field} there may be ${maxFiles} with a post, of at most ${sizeOf(upload)} each.`,
    { code: 'too_large' },
  )
}

/** `filename`: what its sender calls it. */
function fileTooLarge(upload: Upload, pointer: string, filename = '') {
  const called = shownName(filename)
  const detail = `must have at most ${sizeOf(upload)}${called === '' ? '' : `, and "${called}" has more`}`
  return new AppError('too_large', `${pointer} ${detail}`, {
    code: 'too_large',
    errors: [{ in: 'body', pointer, detail }],
  })
}

const sizeOf = ({ maxBytes }: Upload) => `${maxBytes / 1024 ** 2} MiB`

/** Where in the body a file is: of several by its place among those that were chosen. */
function pointerTo({ name }: File, { field, maxFiles }: Upload, before: readonly File[]) {
  const place = name === field && maxFiles > 1 ? `/${before.filter(isChosen).length}` : ''
  return `/${escapePointer(name)}${place}`
}

/** A browser sends a file without both of a form where none was chosen. */
const isChosen = ({ bytes, filename }: File) => bytes.length > 0 || filename !== ''

function filesOf({ files }: Form, { field }: Upload): UploadedFile[] {
  const stray = files.find(({ name }) => name !== field)
  if (stray) throw refused(stray.name, `is not a known file; send it as the part \`${field}\``)
  return files.filter(isChosen).map(({ bytes, type, filename }) => {
    return { bytes, type: type === 'application/octet-stream' ? undefined : type, name: filename }
  })
}

interface Fields {
  readonly properties: Readonly<Record<string, { readonly type?: unknown; readonly maxLength?: number }>>
}

/** Bytes of the longest value that a field may have, four to a character. */
function longestField({ routeOptions: { schema } }: FastifyRequest): number {
  const { properties } = (schema?.body ?? { properties: {} }) as Fields
  return 4 * Math.max(2 * 1024, ...Object.values(properties).map(({ maxLength = 0 }) => maxLength))
}

/** As they would stand in JSON, for the endpoint's schema to judge. Undefined where the endpoint takes only the file. */
function fieldsOf(
  { fields }: Form,
  { field }: Upload,
  { routeOptions: { schema } }: FastifyRequest,
): unknown {
  const names = fields.map(({ name }) => name)
  if (names.includes(field)) throw refused(field, 'must be a file')
  if (new Set(names).size < names.length) throw badRequest('duplicate_field', 'The body names a field twice.')
  if (!schema?.body) {
    const [stray] = names
    if (stray !== undefined) throw refused(stray, 'is not a known field')
    return undefined
  }
  const { properties } = schema.body as unknown as Fields
  const values = new Map(
    fields.map(({ name, value }) => {
      const type = Object.hasOwn(properties, name) ? properties[name]?.type : undefined
      const isNull = value === '' && [type].flat().includes('null')
      // Browsers write every line break as CR LF.
      return [name, isNull ? null : readAs(type, value.replaceAll('\r\n', '\n'))]
    }),
  )
  const body = Object.fromEntries(values)
  const errors = unstorableText('body', body).slice(0, 20)
  if (errors.length > 0) throw invalid(errors)
  return body
}

const refused = (name: string, detail: string) =>
  invalid([{ in: 'body', pointer: `/${escapePointer(name)}`, detail }])
