import { getCustomerPhoto, removeCustomerPhoto, setCustomerPhoto } from '../../contract/index.ts'
import { invalid } from '../errors.ts'
import type { Api } from '../http/api.ts'
import { namesTag, notModified } from '../http/entity-tags.ts'
import { sendFile } from '../http/file-answers.ts'
import * as photos from './photo-service.ts'
import type { PhotoUploads } from './photo-uploads.ts'

export function photoRoutes(api: Api, { prepare, claim, replaced, tidyUp }: PhotoUploads) {
  api.route({
    ...getCustomerPhoto,
    handler: async (request, reply) => {
      const { size = 'large', v } = request.query
      const { id } = request.params
      const tagOf = (hash: string) => `"${hash}"`
      const noneMatch = request.headers['if-none-match']
      const has = (hash: string) => noneMatch !== undefined && namesTag(noneMatch, tagOf(hash))
      const photo = await photos.read(request.ctx, { id, size, has })
      const headers = {
        etag: tagOf(photo.hash),
        // For the one who may see it, on the URL that only this very photo has.
        'cache-control': v === photo.v ? 'private, max-age=31536000, immutable' : 'private, no-cache',
        vary: 'authorization, cookie',
      }
      if (!photo.content) return notModified(reply.headers(headers))
      return sendFile(request, reply, {
        content: photo.content,
        headers: {
          ...headers,
          'content-type': 'image/webp',
          'content-disposition': `inline; filename="customer-${id}-${size}.webp"`,
        },
      })
    },
  })
  api.route({
    ...setCustomerPhoto,
    config: { ...setCustomerPhoto.config, prepare },
    handler: async (request) => {
      const photo = claim(request)
      if (!photo) throw invalid([{ in: 'body', pointer: '/photo', detail: 'is required' }])
      return photos.set(request.ctx, request.actor, {
        id: request.params.id,
        photo,
        replaced: (key) => replaced(request, key),
      })
    },
    onResponse: tidyUp,
  })
  api.route({
    ...removeCustomerPhoto,
    handler: (request) =>
      photos.remove(request.ctx, request.actor, {
        id: request.params.id,
        replaced: (key) => replaced(request, key),
      }),
    onResponse: tidyUp,
  })
}
