// What happens to files around a call that changes a photo, outside of its transaction: stored before, so that no connection to
// the database waits for it; erased behind it, when it is certain that no row names them.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { prepared } from '../http/prepared.ts'
import * as photos from './photo-service.ts'

interface Held {
  /** The photo that came with the call, and is in the file store. */
  readonly stored?: photos.Photo
  /** True once a row was told to name it. */
  claimed: boolean
  /** The key of the photo that the call has replaced or removed. */
  replaced?: string
}

export function photoUploads(ctx: Context) {
  const held = new WeakMap<FastifyRequest, Held>()
  const upload = prepared(async (request: FastifyRequest) => {
    const [file] = request.uploaded ?? []
    // What a browser sends of a form where no file was chosen.
    if (!file || file.bytes.length === 0) return undefined
    const stored = await photos.store(ctx, file)
    held.set(request, { stored, claimed: false })
    return stored
  })
  return {
    /** For the config of a route that claims what is stored so. */
    prepare: upload.prepare,
    /** The photo that came along, for a row to name it. */
    claim(request: FastifyRequest): photos.Photo | undefined {
      const call = held.get(request)
      if (call) call.claimed = true
      return upload.of(request)
    },
    replaced(request: FastifyRequest, key: string) {
      held.set(request, { claimed: false, ...held.get(request), replaced: key })
    },
    /** Once the answer is sent, so that nobody waits for a slow file store. Where nobody took it, the sweep tidies up. */
    async tidyUp(request: FastifyRequest, { sent, statusCode }: FastifyReply) {
      const call = held.get(request)
      // Whether something was committed is not known of a call that failed on our side: the sweep finds out.
      if (!call || !sent || statusCode >= 500) return
      // Whoever sends the same under one Idempotency-Key at the same time has a success that claims nothing.
      const named = statusCode < 300 && (call.claimed || !call.stored)
      const key = named ? call.replaced : call.stored?.photo_key
      if (key !== undefined) await photos.erase(ctx, key)
    },
  }
}

export type PhotoUploads = ReturnType<typeof photoUploads>
