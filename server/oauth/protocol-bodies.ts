// The bodies of the protocol's calls. They are read here, before a call counts as in progress, and not by oidc-provider: whoever
// sends only the head of one keeps nobody else waiting.
import { parse } from 'node:querystring'
import type { Api } from '../http/api.ts'

export const form = 'application/x-www-form-urlencoded'

/** Bytes. The longest that is sent is a code with its proof. */
const bodyLimit = 16 * 1024

const notAForm = new Error('The body is no form')

/** For a scope in which every body is a form, for oidc-provider to find at the bare request. */
export function readForms(scope: Api): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(form, { parseAs: 'string', bodyLimit }, (request, body, done) => {
    // A name that is sent twice has a list here, and is refused.
    Object.assign(request.raw, { body: parse(String(body)) })
    done(null)
  })
  scope.addContentTypeParser('*', (_request, _payload, done) => done(notAForm))
  scope.setErrorHandler((error, _request, reply) => {
    if (error !== notAForm) throw error
    return reply
      .code(400)
      .header('cache-control', 'no-store')
      .send({
        error: 'invalid_request',
        error_description: `Send the body as ${form}.`,
      })
  })
}
