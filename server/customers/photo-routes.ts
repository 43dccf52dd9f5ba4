import type { FastifyReply, FastifyRequest } from 'fastify'
import { getCustomerPhoto, removeCustomerPhoto, setCustomerPhoto } from '../../contract/index.ts'
import type { Context } from '../context.ts'
import { invalid } from '../errors.ts'
import type { Api } from '../http/api.ts'
import { namesTag, notModified } from '../http/entity-tags.ts'
import * as photos from './photo-service.ts'

interface Held {
  /** The photo that came with the call, and is in the file store. */
  readonly stored?: photos.Photo
  /** True once a row was told to name it. */
  claimed: boolean
  /** The key of the photo that the call has replaced or removed. */
  replaced?: string
}

/**
 * What happens to files around a call that changes a photo, outside of its transaction: stored before, so that no connection to
 * the database waits for it; erased behind it, when it is certain that no row names them.
 */
export function storingPhotos(ctx: Context) {
  const held = new WeakMap<FastifyRequest, Held>()
  return {
    async storeUpload(request: FastifyRequest) {
      if (!request.uploaded) return
      held.set(request, { stored: await photos.store(ctx, request.uploaded), claimed: false })
    },
    /** The photo that came along, for a row to name it. */
    claim(request: FastifyRequest): photos.Photo | undefined {
      const call = held.get(request)
      if (call) call.claimed = true
      return call?.stored
    },
    replaced(request: FastifyRequest, key: string) {
      held.set(request, { claimed: false, ...held.get(request), replaced: key })
    },
    async tidyUp(request: FastifyRequest, { statusCode }: FastifyReply) {
      const call = held.get(request)
      // Whether something was committed is not known of a call that failed on our side: the sweep finds out.
      if (!call || statusCode >= 500) return
      // A kept answer to an Idempotency-Key is a success that claims nothing.
      const named = statusCode < 300 && (call.claimed || !call.stored)
      const key = named ? call.replaced : call.stored?.photo_key
      if (key !== undefined) await photos.erase(ctx, key)
    },
  }
}

export function photoRoutes(
  api: Api,
  { storeUpload, claim, replaced, tidyUp }: ReturnType<typeof storingPhotos>,
) {
  api.route({
    ...getCustomerPhoto,
    handler: async (request, reply) => {
      const { size = 'large', v } = request.query
      const { id } = request.params
      const tagOf = (hash: string) => `"${hash}"`
      const noneMatch = request.headers['if-none-match']
      const has = (hash: string) => noneMatch !== undefined && namesTag(noneMatch, tagOf(hash))
      const photo = await photos.read(request.ctx, { id, size, has })
      void reply.headers({
        etag: tagOf(photo.hash),
        // For the one who may see it, on the URL that only this very photo has.
        'cache-control': v === photo.v ? 'private, max-age=31536000, immutable' : 'private, no-cache',
        vary: 'authorization, cookie',
      })
      if (!photo.bytes) return notModified(reply)
      return reply
        .headers({
          'content-type': 'image/webp',
          'content-disposition': `inline; filename="customer-${id}-${size}.webp"`,
        })
        .send(photo.bytes)
    },
  })
  api.route({
    ...setCustomerPhoto,
    preHandler: async (request) => {
      if (!request.uploaded) throw invalid([{ in: 'body', pointer: '/photo', detail: 'is required' }])
      await storeUpload(request)
    },
    handler: async (request) => {
      const photo = claim(request)
      if (!photo) throw new Error('A photo is stored before the handler runs')
      return photos.set(request.ctx, request.actor, {
        id: request.params.id,
        photo,
        replaced: (key) => replaced(request, key),
      })
    },
    onSend: tidyUp,
  })
  api.route({
    ...removeCustomerPhoto,
    handler: (request) =>
      photos.remove(request.ctx, request.actor, {
        id: request.params.id,
        replaced: (key) => replaced(request, key),
      }),
    onSend: tidyUp,
  })
}
