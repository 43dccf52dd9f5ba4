// Reads bodies that bring a file: a picture by itself, or multipart/form-data with fields beside it. The whole body is in memory
// before it is looked at: nothing is left behind on a disk by who leaves in the middle, and what it may hold is small.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Endpoint, endpoints, type Upload } from '../../contract/index.ts'
import { clientNetworkOf } from '../client-network.ts'
import { AppError, badRequest, invalid, overloaded, tooManyRequests } from '../errors.ts'
import { requireMediaType } from './media-types.ts'
import { type Form, readForm } from './multipart.ts'
import { escapePointer, unstorableText } from './text.ts'

export interface UploadedFile {
  readonly bytes: Buffer
  /** What its sender says it is; undefined where they do not. */
  readonly type: string | undefined
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The file that came along, if one did; read with the body. */
    uploaded: UploadedFile | undefined
  }
}

/** At once, so that they hold 160 MiB at most. Those who send slowly are let go after 30 s. */
const readAtOnce = 32

/** Of these for one user or, where nobody is signed in, one network: or who sends slowly would keep all others from sending. */
const readAtOnceForOne = 4

/** What multipart needs around a file: boundaries, heads of parts, fields. */
const around = 64 * 1024

export function readUploads(app: FastifyInstance) {
  let reading = 0
  const readingFor = new Map<number | string, number>()
  app.decorateRequest('uploaded', undefined)

  async function read(request: FastifyRequest, payload: AsyncBody, more = 0): Promise<Buffer> {
    const sender = request.actor.user_id ?? clientNetworkOf(request.ip)
    const own = readingFor.get(sender) ?? 0
    if (own >= readAtOnceForOne) throw tooManyRequests(`You may send ${readAtOnceForOne} files at a time`, 1)
    if (reading >= readAtOnce) throw overloaded()
    count(sender, 1)
    try {
      return await readAll(request, payload, more)
    } finally {
      count(sender, -1)
    }
  }

  function count(sender: number | string, change: 1 | -1) {
    reading += change
    const own = (readingFor.get(sender) ?? 0) + change
    if (own > 0) readingFor.set(sender, own)
    else readingFor.delete(sender)
  }

  const types = endpoints.flatMap(({ config }: Endpoint) => config.upload?.types ?? [])
  app.addContentTypeParser([...new Set(types)], async (request: FastifyRequest, payload: AsyncBody) => {
    const type = mediaTypeOf(request)
    requireMediaType(request, type)
    const bytes = await read(request, payload)
    if (bytes.length > 0) request.uploaded = { bytes, type }
    return undefined
  })

  app.addContentTypeParser('multipart/form-data', async (request: FastifyRequest, payload: AsyncBody) => {
    requireMediaType(request, 'multipart/form-data')
    const upload = uploadOf(request)
    const body = await read(request, payload, around)
    const form = await readForm(body, request.headers['content-type'] ?? '')
    request.uploaded = fileOf(form, upload)
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

/** `more`: bytes that may come besides the file. */
async function readAll(request: FastifyRequest, payload: AsyncBody, more: number): Promise<Buffer> {
  const upload = uploadOf(request)
  const atMost = upload.maxBytes + more
  if (Number(request.headers['content-length']) > atMost) throw tooLarge(upload)
  const chunks: Buffer[] = []
  let length = 0
  // Left open when it is too long: an answer goes over the same connection, which is closed after that.
  for await (const chunk of payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > atMost) throw tooLarge(upload)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

const tooLarge = ({ field, maxBytes }: Upload) =>
  new AppError('too_large', `A ${field} may have at most ${maxBytes / 1024 ** 2} MiB.`, { code: 'too_large' })

function fileOf({ files }: Form, upload: Upload): UploadedFile | undefined {
  const { field, maxBytes } = upload
  const stray = files.find(({ name }) => name !== field)
  if (stray) throw refused(stray.name, `is not a known file; send the picture as the part \`${field}\``)
  const [file] = files
  // What a browser sends of a form where no file was chosen.
  if (!file || file.bytes.length === 0) return undefined
  if (file.bytes.length > maxBytes) throw tooLarge(upload)
  return { bytes: file.bytes, type: file.type === 'application/octet-stream' ? undefined : file.type }
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
  const { properties } = schema.body as { properties: Readonly<Record<string, { type?: unknown }>> }
  const values = new Map(
    fields.map(({ name, value }) => {
      const nullable = [Object.hasOwn(properties, name) ? properties[name]?.type : []].flat().includes('null')
      return [name, nullable && value === '' ? null : value]
    }),
  )
  const body = Object.fromEntries(values)
  const errors = unstorableText('body', body).slice(0, 20)
  if (errors.length > 0) throw invalid(errors)
  return body
}

const refused = (name: string, detail: string) =>
  invalid([{ in: 'body', pointer: `/${escapePointer(name)}`, detail }])
