import {
  createPost,
  deletePost,
  getPost,
  listPostHistory,
  listPosts,
  replyToTicket,
  updatePost,
} from '../../contract/index.ts'
import type { Api } from '../http/api.ts'
import type { AttachmentUploads } from './attachment-uploads.ts'
import * as posts from './post-service.ts'

export function postRoutes(api: Api, attachments: AttachmentUploads) {
  api.route({
    ...listPosts,
    handler: async (request) =>
      api.pages.envelope(
        request,
        await posts.list(request.ctx, request.actor, request.params.id, api.pages.query(request)),
      ),
  })
  api.route({
    ...createPost,
    config: { ...createPost.config, prepare: attachments.prepare },
    handler: (request) =>
      posts.create(request.ctx, request.actor, request.params.id, request.body, attachments.of(request)),
    onResponse: attachments.tidyUp,
  })
  api.route({
    ...replyToTicket,
    config: { ...replyToTicket.config, prepare: attachments.prepare },
    handler: async (request) => {
      const { ctx, actor, params, body } = request
      const { id } = await posts.create(ctx, actor, params.id, body, attachments.of(request))
      return { id, status: 'Success' as const }
    },
    onResponse: attachments.tidyUp,
  })
  api.route({
    ...getPost,
    handler: (request) => posts.get(request.ctx, request.actor, request.params.id),
  })
  api.route({
    ...updatePost,
    handler: (request) => posts.edit(request.ctx, request.actor, request.params.id, request.body),
  })
  api.route({
    ...deletePost,
    handler: (request) => posts.remove(request.ctx, request.actor, request.params.id),
  })
  api.route({
    ...listPostHistory,
    handler: async (request) =>
      api.pages.envelope(
        request,
        await posts.history(request.ctx, request.actor, request.params.id, api.pages.query(request)),
      ),
  })
}
