// /openapi.json for machines, /openapi-3.0.json for older ones, and /docs (Swagger UI, from our own disk) for people.
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, onRequestHookHandler, onSendHookHandler } from 'fastify'
import { endpoints } from '../../contract/index.ts'
import { leadsToLoopback } from '../loopback.ts'
import { frontdeskVersion } from '../version.ts'
import { asOpenapi30 } from './openapi-3.0.ts'
import { openapiDocument } from './openapi.ts'

/** What Swagger UI needs: its own scripts, its inline styles and images, and to call this server. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

/** `clientId`: which OAuth client the page is, so that people sign in there to try calls out. */
export async function serveDocs(app: FastifyInstance, publicUrl: string, clientId: string) {
  const document = openapiDocument(endpoints, { version: frontdeskVersion, publicUrl })
  serveJson(app, '/openapi.json', document)
  serveJson(app, '/openapi-3.0.json', asOpenapi30(document))
  // Until there is a web app, the documentation is what a person who opens the address wants to see.
  app.get('/', { config: { access: 'anyone' } }, (_request, reply) => reply.redirect('/docs'))
  await app.register(swagger, { mode: 'static', specification: { document: document as never } })
  await app.register(async (scope) => {
    scope.addHook('onRequest', leadToOurName(publicUrl))
    scope.addHook('onSend', fitPhones)
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: policy,
      uiConfig: {
        layout: 'BaseLayout',
        docExpansion: 'list',
        persistAuthorization: false,
        tryItOutEnabled: true,
      },
      initOAuth: { clientId, usePkceWithAuthorizationCodeGrant: true },
      theme: { title: 'Frontdesk API' },
      // Tried out on whatever name the page was opened by: PUBLIC_URL may be another one, which the browser would refuse.
      transformSpecification: (specification) => ({
        ...specification,
        servers: [{ url: '/', description: 'This server.' }],
      }),
      transformSpecificationClone: false,
    })
  })
}

/**
 * A desk on this machine has several names, and signing in from its documentation works under the one that clients are sent back
 * to. Over a network the names are the proxy's affair.
 */
function leadToOurName(publicUrl: string): onRequestHookHandler {
  const ours = new URL(publicUrl)
  const isOtherName = (asked: URL) =>
    asked.port === ours.port && asked.hostname !== ours.hostname && leadsToLoopback(asked.href)
  return (request, reply, done) => {
    const asked = URL.parse(`${ours.protocol}//${request.headers.host ?? ''}`)
    const isOurs = !asked || !leadsToLoopback(publicUrl) || !isOtherName(asked)
    if (isOurs || !/^\/docs\/?$/.test(request.url)) done()
    else void reply.redirect(`${publicUrl}/docs`)
  }
}

/** Swagger UI forgets to say that its page fits a narrow screen. */
const fitPhones: onSendHookHandler = (_request, reply, payload, done) => {
  const isPage = String(reply.getHeader('content-type')).startsWith('text/html')
  if (!isPage || typeof payload !== 'string') return done(null, payload)
  const viewport = '<meta name="viewport" content="width=device-width, initial-scale=1">'
  done(null, payload.replace('<head>', `<head>${viewport}`))
}

/** Written once, at the start. */
function serveJson(app: FastifyInstance, url: string, document: object) {
  const json = JSON.stringify(document)
  app.get(url, { config: { access: 'anyone' } }, (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(json),
  )
}
