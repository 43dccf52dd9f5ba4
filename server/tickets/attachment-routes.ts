import { getAttachment, keptPictureType } from '../../contract/index.ts'
import { disposition } from '../files/file-name-rules.ts'
import type { Api } from '../http/api.ts'
import { namesTag, notModified } from '../http/entity-tags.ts'
import { sendFile } from '../http/file-answers.ts'
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
      const headers = {
        etag: tagOf(found.sha256),
        // It never changes, but goes with its post: each time we are asked whether it may still be read.
        'cache-control': 'private, no-cache',
        vary: 'authorization, cookie',
      }
      if (!found.content) return notModified(reply.headers(headers))
      const isPicture = found.media_type === keptPictureType
      return sendFile(request, reply, {
        content: found.content,
        headers: {
          ...headers,
          'content-type': isPicture ? keptPictureType : 'application/octet-stream',
          'content-disposition': disposition(isPicture ? 'inline' : 'attachment', found.name),
        },
      })
    },
  })
}
