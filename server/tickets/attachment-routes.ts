import { getAttachment, keptPictureType } from '../../contract/index.ts'
import type { Api } from '../http/api.ts'
import { namesTag, notModified } from '../http/entity-tags.ts'
import { disposition } from './attachment-name-rules.ts'
import * as attachments from './attachment-service.ts'

export function attachmentRoutes(api: Api) {
  api.route({
    ...getAttachment,
    handler: async (request, reply) => {
      const { id } = request.params
      const tagOf = (hash: string) => `"${hash}"`
      const noneMatch = request.headers['if-none-match']
      const has = (hash: string) => noneMatch !== undefined && namesTag(noneMatch, tagOf(hash))
      const found = await attachments.read(request.ctx, request.actor, { id, has })
      void reply.headers({
        etag: tagOf(found.sha256),
        // An attachment never changes.
        'cache-control': 'private, max-age=31536000, immutable',
        vary: 'authorization, cookie',
      })
      if (!found.bytes) return notModified(reply)
      const isPicture = found.media_type === keptPictureType
      return reply
        .headers({
          'content-type': isPicture ? keptPictureType : 'application/octet-stream',
          'content-disposition': disposition(isPicture ? 'inline' : 'attachment', found.name),
        })
        .send(found.bytes)
    },
  })
}
