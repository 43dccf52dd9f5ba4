// Which media types a body may have is the endpoint's to say (contract/endpoint.ts).
import type { FastifyRequest } from 'fastify'
import { mediaTypesOf } from '../../contract/index.ts'
import { AppError } from '../errors.ts'

/** Throws a 415 where the endpoint takes no body of this type. */
export function requireMediaType(request: FastifyRequest, type: string): void {
  if (!taken(request).includes(type)) throw unsupportedMediaType(request)
}

export function unsupportedMediaType(request: FastifyRequest): AppError {
  const types = taken(request)
  const detail = `Send the body as ${types.length > 0 ? types.join(' or ') : 'application/json'}.`
  return new AppError('unsupported_media_type', detail, { code: 'unsupported_media_type' })
}

/** None for a route that is no endpoint. */
function taken({ routeOptions: { config, schema } }: FastifyRequest): string[] {
  return mediaTypesOf({ config, schema: schema ?? {} } as Parameters<typeof mediaTypesOf>[0])
}
