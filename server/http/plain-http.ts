// What Node would answer by itself, without a body of ours: requests without a Host or with two, with an expectation, and
// tunnels. Here they are refused, or taken, like any other request.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { badRequest } from '../errors.ts'
import { answerNoHttp } from './problems.ts'

/** After the headers that every answer bears, before anything else. Node's own check on Host must be off. */
export function answerPlainHttp(app: FastifyInstance) {
  app.addHook('onRequest', (request, _reply, done) => done(hasOneHost(request.raw) ? undefined : noHost()))
  // An expectation may be ignored (RFC 9110, section 10.1.1), other than 100-continue, which Node meets.
  app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    app.server.emit('request', request, response),
  )
  app.server.on('connect', (_request, socket) => answerNoHttp({ code: 'CONNECT' }, socket))
}

const noHost = () => badRequest('bad_host', 'The request must name one Host.')

/** RFC 9112, section 3.2: two readers might each take another one. Node keeps the first, and only raw headers tell. */
function hasOneHost({ headers, rawHeaders, httpVersion }: IncomingMessage): boolean {
  if (headers.host === undefined) return httpVersion === '1.0'
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.length === 4 && rawHeaders[at]?.toLowerCase() === 'host') hosts += 1
  }
  return hosts === 1
}
