// What happens to files around a call that makes a post, outside of its transaction: stored before, so that no connection to the
// database waits for it; what no row came to name is erased behind it.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { prepared } from '../http/prepared.ts'
import * as attachments from './attachment-service.ts'

export function attachmentUploads(ctx: Context) {
  const stored = new WeakMap<FastifyRequest, string[]>()
  const upload = prepared(async (request: FastifyRequest) => {
    const { uploaded = [] } = request
    if (uploaded.length === 0) return []
    const keys: string[] = []
    stored.set(request, keys)
    return attachments.store(ctx, uploaded, (key) => keys.push(key))
  })
  return {
    /** For the config of a route that makes a post. */
    prepare: upload.prepare,
    /** What came along, for rows to name it. */
    of: upload.of,
    /** Once the answer is sent, so that nobody waits for a slow file store. Where nobody took it, the sweep tidies up. */
    async tidyUp(request: FastifyRequest, { sent, statusCode }: FastifyReply) {
      const keys = stored.get(request)
      // Whether something was committed is not known of a call that failed on our side: the sweep finds out.
      if (keys && sent && statusCode < 500) await attachments.eraseUnused(ctx, keys)
    },
  }
}

export type AttachmentUploads = ReturnType<typeof attachmentUploads>
