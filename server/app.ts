// Puts the house together: one Fastify with everything that holds for every route, and the modules' routes in it.
import { randomUUID } from 'node:crypto'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify'
import { type Authentication, authenticationOf, authRoutes, setUpPage } from './auth/index.ts'
import type { Context } from './context.ts'
import { customerRoutes } from './customers/index.ts'
import { requireAccess } from './http/access.ts'
import type { Api } from './http/api.ts'
import { bodyLimit, readJsonBodies } from './http/body.ts'
import { serveDocs } from './http/docs.ts'
import { healthRoutes } from './http/health-routes.ts'
import { refuseOtherMethods } from './http/methods.ts'
import { pagesOf } from './http/pages.ts'
import { answerBadUrl, answerNoHttp, answerProblems, refuseUnexpectedBody } from './http/problems.ts'
import { logRequests } from './http/request-log.ts'
import { secureHeaders } from './http/secure-headers.ts'
import { rewriteUrl } from './http/urls.ts'
import { validateByContract } from './http/validation.ts'
import { requestRoutes } from './tickets/index.ts'
import { userRoutes } from './users/index.ts'

export interface App {
  readonly api: Api
  readonly authentication: Authentication
}

/** `secret` signs cursors. The app is ready to listen, and does not yet. */
export async function buildApp(ctx: Context, secret: string): Promise<App> {
  const api: Api = Fastify({
    loggerInstance: ctx.log as FastifyBaseLogger,
    genReqId: () => randomUUID(),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    rewriteUrl,
    bodyLimit,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
    trustProxy: ctx.config.trustProxy.length > 0 ? [...ctx.config.trustProxy] : false,
    // A client that dawdles is let go: 10 s for the head, 30 s for the whole request, 15 s for our answer.
    requestTimeout: 30_000,
    handlerTimeout: 15_000,
    keepAliveTimeout: 72_000,
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 2_000, maxHeaderSize: 16 * 1024 },
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerNoHttp,
    frameworkErrors: answerBadUrl,
  }).withTypeProvider<TypeBoxTypeProvider>()

  const authentication = authenticationOf(ctx)
  answerProblems(api)
  validateByContract(api)
  readJsonBodies(api)
  logRequests(api)
  secureHeaders(api, ctx.config.publicUrl)

  api.decorate('pages', pagesOf(secret, ctx.config.publicUrl))
  api.decorateRequest('actor')
  requireAccess(api)
  api.addHook('onRequest', async (request) => {
    if (!request.is404) await authentication.authenticate(request)
  })
  api.addHook('preValidation', async (request) => refuseUnexpectedBody(request))

  healthRoutes(api, ctx)
  authRoutes(api, ctx)
  setUpPage(api)
  userRoutes(api, ctx)
  customerRoutes(api, ctx)
  requestRoutes(api, ctx)
  refuseOtherMethods(api)
  await serveDocs(api, ctx.config.publicUrl)
  await api.ready()
  return { api, authentication }
}
