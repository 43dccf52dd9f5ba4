// A known URL with a method that it does not have answers 405 and names those that it has (RFC 9110, section 15.5.6).
import { METHODS } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { endpoints } from '../../contract/index.ts'
import { AppError } from '../errors.ts'

export function refuseOtherMethods(app: FastifyInstance) {
  // What Node can read, Fastify must know of, or its answer to PROPFIND would be a bare 404.
  for (const method of METHODS)
    if (method !== 'CONNECT' && !app.supportedMethods.includes(method)) app.addHttpMethod(method)
  const urls = Map.groupBy(endpoints, (endpoint) => endpoint.url)
  for (const [url, served] of urls) {
    const methods: string[] = served.map((endpoint) => endpoint.method)
    const allowed = methods.includes('GET') ? [...methods, 'HEAD'] : methods
    const allow = allowed.sort().join(', ')
    app.route({
      method: app.supportedMethods.filter((method) => METHODS.includes(method) && !allowed.includes(method)),
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
