// Attachments of posts. Their files are there before a row names them, and go when none does any more; the same content is kept
// once.
import { createHash, randomBytes } from 'node:crypto'
import { attachmentUpload, documentTypes, keptPictureType } from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import { AppError, invalid, notFound } from '../errors.ts'
import { agrees, type DocumentType, documentOf, isTextInAnotherEncoding } from '../files/document-rules.ts'
import { tidyName } from '../files/file-name-rules.ts'
import type { FileContent } from '../files/files.ts'
import { type PictureType, pictureTypeOf } from '../files/picture-rules.ts'
import type { KindOfFile } from '../files/sweep.ts'
import type { UploadedFile } from '../http/uploads.ts'
import { semaphore } from '../semaphore.ts'
import * as repository from './attachment-repository.ts'
import { attachmentKey, keyOfAttachmentFile } from './attachment-rules.ts'
import { isStaff, seenBy } from './ticket-policy.ts'

/** In pixels; pictures are neither wider nor higher. */
const side = 2560

/** Of one post at once, so that the pictures of others are read between them. */
const storedAtOnce = 2

/**
 * Looks at all of them before anything is stored. It takes a while, and no connection to the database. `storing` hears each key
 * before its file is there: for erasing what came to nothing.
 */
export async function store(
  ctx: Context,
  files: readonly UploadedFile[],
  storing: (key: string) => void,
): Promise<repository.NewAttachment[]> {
  const all = files.map(checked)
  const inTurn = semaphore({ atOnce: storedAtOnce, waiting: all.length }, notReached)
  const stored = await Promise.allSettled(
    all.map((one) =>
      inTurn(async () => {
        const { bytes, media_type } = await asKept(ctx, one)
        const sha256 = createHash('sha256').update(bytes).digest('hex')
        const key = attachmentKey(sha256, randomBytes(8).toString('hex'))
        storing(key)
        await ctx.files.put(key, bytes)
        return { name: tidyName(one.name, media_type), media_type, bytes: bytes.length, sha256, key }
      }),
    ),
  )
  // Nothing is still being written when this is over.
  return stored.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
}

const notReached = () => new Error('There is room for all files of a post')

interface Checked extends Pick<UploadedFile, 'bytes' | 'name'> {
  readonly type: PictureType | DocumentType
  /** Where in the body it is. */
  readonly pointer: string
}

/** Throws a 415 for what is of no type that is taken or of another than it is said to be, and a 422 for what is wrong with it. */
function checked({ bytes, type: declared, name }: UploadedFile, place: number): Checked {
  const pointer = `/${attachmentUpload.field}/${place}`
  const refused = (detail: string) => invalid([{ in: 'body', pointer, detail }])
  if (bytes.length === 0) throw refused('must not be empty')
  const picture = pictureTypeOf(bytes)
  const document = picture === undefined ? documentOf(bytes, name) : undefined
  const type = picture ?? document?.type
  if (!type)
    throw notThisType(
      pointer,
      isTextInAnotherEncoding(bytes)
        ? 'must be in UTF-8, if it is text: save it in that encoding'
        : 'must be a JPEG, PNG or WebP, a PDF, a Word, Excel, PowerPoint or OpenDocument file, or plain text in UTF-8',
    )
  if (!agrees(type, declared))
    throw notThisType(pointer, `must be what it is said to be: it is ${type}, and said to be ${declared}`)
  if (document?.refusal !== undefined) throw refused(document.refusal)
  return { bytes, name, type, pointer }
}

const isDocument = (type: PictureType | DocumentType): type is DocumentType =>
  documentTypes.some((document) => document === type)

/** A picture as our own, a document as it came. */
async function asKept(
  ctx: Context,
  { bytes, type, pointer }: Checked,
): Promise<Pick<repository.NewAttachment, 'media_type'> & { readonly bytes: Buffer }> {
  if (isDocument(type)) return { bytes, media_type: type }
  const { large } = await ctx.pictures.shrink(bytes, type, { sides: { large: side }, pointer })
  return { bytes: large, media_type: keptPictureType }
}

const notThisType = (pointer: string, detail: string) =>
  new AppError('unsupported_media_type', `${pointer} ${detail}`, {
    code: 'unsupported_media_type',
    errors: [{ in: 'body', pointer, detail }],
  })

/** Erases of these files what no row names, of a call that is over. Where it fails, the sweep does it. */
export async function eraseUnused(ctx: Context, keys: readonly string[]): Promise<void> {
  try {
    const rows = await repository.keysInUse.all(ctx.db, { keys })
    const inUse = new Set(rows.map(({ key }) => key))
    await Promise.all(keys.filter((key) => !inUse.has(key)).map((key) => ctx.files.delete(key)))
  } catch (error) {
    ctx.log.warn({ err: error }, 'files that came with no post could not be erased')
  }
}

export interface ReadAttachment extends Pick<repository.FoundAttachment, 'name' | 'media_type' | 'sha256'> {
  /** Undefined where the caller has them already. */
  readonly content: FileContent | undefined
}

/** Throws a 404 for one of a post that this actor may not know of. `has` says of a hash whether the caller has that content. */
export async function read(
  ctx: Context,
  actor: Actor,
  { id, has }: { id: number; has: (sha256: string) => boolean },
): Promise<ReadAttachment> {
  const find = () =>
    isStaff(actor)
      ? repository.findAttachment.first(ctx.db, { id })
      : repository.findCustomersAttachment.first(ctx.db, { id, seen_by: seenBy(ctx, actor) })
  const found = await find()
  if (!found) throw notFound(`There is no attachment ${id}.`)
  if (has(found.sha256)) return { ...found, content: undefined }
  const content = await ctx.files.get(found.key)
  if (content) return { ...found, content }
  // Its post may have been deleted between our look at the row and at the file.
  if (await find())
    ctx.log.error(
      { attachment: id, key: found.key },
      'the file store has lost an attachment that a row names',
    )
  throw notFound(`The file of attachment ${id} is not there any more.`)
}

/** For the sweep: which files are attachments, and which of these a post has. */
export const attachmentFiles: KindOfFile = {
  keyOf: keyOfAttachmentFile,
  inUse: async (ctx, keys, before) => {
    const rows = await repository.keysStillInUse.all(ctx.db, { keys, before })
    return rows.map(({ key }) => key)
  },
}
