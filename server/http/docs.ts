// /openapi.json for machines and /docs (Swagger UI, from our own disk) for people.
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { endpoints } from '../../contract/index.ts'
import { frontdeskVersion } from '../version.ts'
import { openapiDocument } from './openapi.ts'

/** What Swagger UI needs: its own scripts, its inline styles and images, and to call this server. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

export async function serveDocs(app: FastifyInstance, publicUrl: string) {
  const document = openapiDocument(endpoints, { version: frontdeskVersion, publicUrl })
  const json = JSON.stringify(document)
  app.get('/openapi.json', { config: { access: 'anyone' } }, (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(json),
  )
  // Until there is a web app, the documentation is what a person who opens the address wants to see.
  app.get('/', { config: { access: 'anyone' } }, (_request, reply) => reply.redirect('/docs'))
  await app.register(swagger, { mode: 'static', specification: { document: document as never } })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: policy,
    uiConfig: {
      layout: 'BaseLayout',
      docExpansion: 'list',
      persistAuthorization: false,
      tryItOutEnabled: true,
    },
    theme: { title: 'Frontdesk API' },
    // Tried out on whatever name the page was opened by: PUBLIC_URL may be another one, which the browser would refuse.
    transformSpecification: (specification) => ({
      ...specification,
      servers: [{ url: '/', description: 'This server.' }],
    }),
    transformSpecificationClone: false,
  })
}
