// A small server with one endpoint and one fault, planted to see that the fuzzer finds it. All the rest of it is the house's own.
import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyReply, type RouteHandlerMethod } from 'fastify'
import { Type } from 'typebox'
import type { Access, Endpoint } from '../../../contract/index.ts'
import { bodyLimit, readJsonBodies } from '../../../server/http/body.ts'
import { answerPlainHttp } from '../../../server/http/plain-http.ts'
import { answerBadUrl, answerNoHttp, answerProblems } from '../../../server/http/problems.ts'
import { secureHeaders } from '../../../server/http/secure-headers.ts'
import { rewriteUrl } from '../../../server/http/urls.ts'
import { validateByContract } from '../../../server/http/validation.ts'

/** What the endpoint takes. */
export interface Flower {
  readonly name: string
  readonly colour?: string
  readonly petals?: number
}

/** Answers as it should, or not. */
export type Handler = (flower: Flower, reply: FastifyReply) => unknown

const properties = {
  name: Type.String({ maxLength: 50, pattern: '\\S', examples: ['Rose'] }),
  colour: Type.Optional(Type.String({ maxLength: 50, examples: ['red'] })),
  petals: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
}

function endpointWith(access: Access, status: number): Endpoint {
  return {
    method: 'POST',
    url: '/api/v1/flowers',
    config: { access },
    schema: {
      operationId: 'createFlower',
      summary: 'Plant a flower',
      description: 'Plants a flower.',
      tags: [],
      body: Type.Object(properties, { additionalProperties: false }),
      response: { [status]: Type.Object(properties, { additionalProperties: false }) },
    },
  }
}

export async function openPlanted(
  handler: Handler,
  { access = 'anyone', status = 200 }: { readonly access?: Access; readonly status?: number } = {},
) {
  const endpoint = endpointWith(access, status)
  const app = Fastify({
    genReqId: () => randomUUID(),
    http: { requireHostHeader: false },
    bodyLimit,
    rewriteUrl,
    routerOptions: { ignoreTrailingSlash: true },
    clientErrorHandler: answerNoHttp,
    frameworkErrors: answerBadUrl,
  })
  answerProblems(app)
  validateByContract(app)
  readJsonBodies(app)
  secureHeaders(app, 'http://desk.test')
  answerPlainHttp(app)
  const { body } = endpoint.schema
  // Without a schema for its reply: the serializer would keep the worst from leaving.
  const handle: RouteHandlerMethod = async (request, reply) => {
    void reply.code(status)
    return handler(request.body as Flower, reply)
  }
  app.post(endpoint.url, { schema: { body }, config: { access } }, handle)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { endpoint, url, close: () => app.close() }
}
