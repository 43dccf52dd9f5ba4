// A known URL with a method that it does not have answers 405 and names those that it has (RFC 9110, section 15.5.6).
import { METHODS } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { AppError } from '../errors.ts'

/** Before the routes. What it answers is to be called after them, and refuses what none of them takes. */
export function refuseOtherMethods(app: FastifyInstance): () => void {
  // What Node can read, Fastify must know of, or its answer to PROPFIND would be a bare 404.
  for (const method of METHODS)
    if (method !== 'CONNECT' && !app.supportedMethods.includes(method)) app.addHttpMethod(method)
  const urls = new Map<string, string[]>()
  app.addHook('onRoute', ({ url, method }) => {
    urls.set(url, [...(urls.get(url) ?? []), ...[method].flat()])
  })
  return () => {
    for (const [url, served] of urls) refuseAllBut(served, url)
  }

  function refuseAllBut(served: readonly string[], url: string) {
    const allow = [...served].sort().join(', ')
    app.route({
      method: app.supportedMethods.filter((method) => METHODS.includes(method) && !served.includes(method)),
      url,
      config: { access: 'anyone' },
      // Before the body is read: what is in it makes no difference.
      onRequest: async (request) => {
        throw new AppError(
          'method_not_allowed',
          `${request.method} is not possible here. Possible: ${allow}.`,
          {
            code: 'method_not_allowed',
            headers: { allow },
          },
        )
      },
      handler: () => {},
    })
  }
}
