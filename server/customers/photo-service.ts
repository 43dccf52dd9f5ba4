// Customers' photos. The files are there before a row names them, and go when none does any more: whatever moment the process
// ends at, a customer has the old photo or the new one.
import { createHash, randomBytes } from 'node:crypto'
import { type Customer, photoSizes } from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import { auditing } from '../db/audit.ts'
import { changedMeanwhile, notFound } from '../errors.ts'
import type { FileContent } from '../files/files.ts'
import type { KindOfFile } from '../files/sweep.ts'
import type { UploadedFile } from '../http/uploads.ts'
import { customerArchived, customerMay, customerStatesFor } from './customer-rules.ts'
import * as customers from './customer-service.ts'
import * as repository from './photo-repository.ts'
import { keyOfPhotoFile, photoFile, photoSides, type PhotoSize, photoVersionLength } from './photo-rules.ts'

export type { Photo } from './photo-repository.ts'

/** Makes our own picture of what came in, and stores it. It takes a while, and no connection to the database. */
export async function store(
  ctx: Context,
  { bytes, type }: Pick<UploadedFile, 'bytes' | 'type'>,
): Promise<repository.Photo> {
  const pictures = await ctx.pictures.shrink(bytes, type, { sides: photoSides, pointer: '/photo' })
  const key = randomBytes(16).toString('hex')
  await Promise.all(photoSizes.map((size) => ctx.files.put(photoFile(key, size), pictures[size])))
  return { photo_key: key, photo_large_hash: hash(pictures.large), photo_small_hash: hash(pictures.small) }
}

const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** What is erased here is named by no row any more. Where it fails, the sweep does it. */
export async function erase(ctx: Context, key: string): Promise<void> {
  try {
    await Promise.all(photoSizes.map((size) => ctx.files.delete(photoFile(key, size))))
  } catch (error) {
    ctx.log.warn({ err: error }, 'a photo that nobody has any more could not be erased')
  }
}

/** `replaced` hears the key of the photo before: for erasing it once this is committed. */
export async function set(
  ctx: Context,
  actor: Actor,
  { id, photo, replaced }: { id: number; photo: repository.Photo; replaced: (key: string) => void },
): Promise<Customer> {
  const from = customerStatesFor('set_photo')
  const changed = await repository.setPhoto.first(ctx.db, { id, ...photo, from, ...auditing(actor) })
  if (!changed) throw await refusal(ctx, id)
  if (changed.replaced !== null) replaced(changed.replaced)
  return changed
}

/** Repeating it changes nothing. */
export async function remove(
  ctx: Context,
  actor: Actor,
  { id, replaced }: { id: number; replaced: (key: string) => void },
): Promise<void> {
  const from = customerStatesFor('remove_photo')
  const removed = await repository.removePhoto.first(ctx.db, { id, from, ...auditing(actor) })
  if (removed?.replaced) replaced(removed.replaced)
  if (removed) return
  const customer = await customers.get(ctx, id)
  if (customer.archived_at !== null) throw customerArchived(customer)
  if (customer.photo_url !== null) throw changedMeanwhile(`Customer ${id}`)
}

async function refusal(ctx: Context, id: number) {
  const customer = await customers.get(ctx, id)
  return customerMay('set_photo', customer) ? changedMeanwhile(`Customer ${id}`) : customerArchived(customer)
}

export interface FoundPhoto {
  /** Of the file, in hex. */
  readonly hash: string
  /** What `photo_url` names the photo by, in any size. */
  readonly v: string
  /** Undefined where the caller has them already. */
  readonly content: FileContent | undefined
}

/** An archived customer's photo is found, too. `has` says of a hash whether the caller has that file. */
export async function read(
  ctx: Context,
  { id, size, has }: { id: number; size: PhotoSize; has: (hash: string) => boolean },
): Promise<FoundPhoto> {
  let missed: string | undefined
  for (;;) {
    const photo = await photoOf(ctx, id)
    const found = {
      hash: photo[`photo_${size}_hash`],
      v: photo.photo_large_hash.slice(0, photoVersionLength),
    }
    if (has(found.hash)) return { ...found, content: undefined }
    const content = await ctx.files.get(photoFile(photo.photo_key, size))
    if (content) return { ...found, content }
    // Replaced between our look at the row and at the file: then the row names another one by now.
    if (photo.photo_key === missed) {
      ctx.log.error({ customer: id, photo_key: missed }, 'the file store has lost a photo that a row names')
      throw notFound(`The file store has lost the photo of customer ${id}; send it again.`)
    }
    missed = photo.photo_key
  }
}

async function photoOf(ctx: Context, id: number): Promise<repository.Photo> {
  const row = await repository.findPhoto.first(ctx.db, { id })
  if (!row) throw notFound(`There is no customer ${id}.`)
  const { photo_key, photo_large_hash, photo_small_hash } = row
  if (photo_key === null || photo_large_hash === null || photo_small_hash === null)
    throw notFound(`Customer ${id} has no photo.`)
  return { photo_key, photo_large_hash, photo_small_hash }
}

/** For the sweep: which files are photos, and which of these a customer has. */
export const photoFiles: KindOfFile = {
  keyOf: keyOfPhotoFile,
  inUse: async (ctx, keys) => {
    const rows = await repository.keysInUse.all(ctx.db, { keys })
    return rows.map((row) => row.photo_key)
  },
}
