// Puts the house together: one Fastify with everything that holds for every route, and the modules' routes in it.
import { randomUUID } from 'node:crypto'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify'
import type { Registry } from 'prom-client'
import { auditRoutes } from './audit/index.ts'
import { authenticationOf, authRoutes, mailedLinkRoutes, servePages } from './auth/index.ts'
import { changePolicies } from './change-policies.ts'
import type { Context } from './context.ts'
import { customerRecord, customerRoutes } from './customers/index.ts'
import type { Listener } from './db/listen.ts'
import { serveFeed } from './feed/index.ts'
import { requireAccess } from './http/access.ts'
import { exemptPages } from './http/exempt-from-limits.ts'
import { answerByContract } from './http/answers.ts'
import type { Api } from './http/api.ts'
import { bodyLimit, readJsonBodies } from './http/body.ts'
import { serveDocs } from './http/docs.ts'
import { healthRoutes } from './http/health-routes.ts'
import { shedLoad } from './http/load-shedding.ts'
import { refuseOtherMethods } from './http/methods.ts'
import { pagesOf } from './http/pages.ts'
import { answerPlainHttp } from './http/plain-http.ts'
import { answerBadUrl, answerNoHttp, answerProblems, refuseUnexpectedBodies } from './http/problems.ts'
import { limitWritesOfCustomers, rateLimited } from './http/rate-limits.ts'
import { logRequests } from './http/request-log.ts'
import { secureHeaders } from './http/secure-headers.ts'
import { boundUnsentAnswers } from './http/unsent-answers.ts'
import { limitTime } from './http/time-limit.ts'
import { readUploads } from './http/uploads.ts'
import { rewriteUrl } from './http/urls.ts'
import { validateByContract } from './http/validation.ts'
import { measureDatabase } from './metrics/database-metrics.ts'
import { metricsRoutes } from './metrics/metrics-routes.ts'
import { measureRequests } from './metrics/request-metrics.ts'
import { notificationRoutes } from './notifications/index.ts'
import { accessTokenHolders, clientRecord, docsClientId, serveOAuth } from './oauth/index.ts'
import {
  attachmentRoutes,
  attachmentUploads,
  postRecord,
  postRoutes,
  requestRecord,
  requestRoutes,
  ticketRecord,
  ticketRoutes,
} from './tickets/index.ts'
import { searchRoutes } from './search/index.ts'
import { signUpRoutes } from './sign-up/index.ts'
import { meRecord, operatorRecord, userRecord, userRoutes } from './users/index.ts'

export interface App {
  readonly api: Api
  /** What is to hear the announcements of the database. */
  readonly listeners: readonly Listener[]
}

/** In milliseconds. */
const answerWithin = 15_000

/** `secret` signs what callers carry; what is measured goes to `registry`. The app is ready to listen, and does not yet. */
export async function buildApp(ctx: Context, secret: string, registry: Registry): Promise<App> {
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
    keepAliveTimeout: 72_000,
    http: {
      headersTimeout: 10_000,
      connectionsCheckingInterval: 2_000,
      maxHeaderSize: 16 * 1024,
      requireHostHeader: false, // by plain-http.ts, as a problem
    },
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerNoHttp,
    frameworkErrors: answerBadUrl,
  }).withTypeProvider<TypeBoxTypeProvider>()

  const authentication = authenticationOf(ctx, accessTokenHolders(ctx))
  answerProblems(api)
  const refuseOthers = refuseOtherMethods(api)
  validateByContract(api)
  readJsonBodies(api)
  readUploads(api)
  measureRequests(api, registry)
  measureDatabase(ctx.db, registry)
  logRequests(api)
  secureHeaders(api, ctx.config.publicUrl)
  answerPlainHttp(api)
  shedLoad(api, ctx.config.requestsAtOnce)
  boundUnsentAnswers(api)
  limitTime(api, answerWithin)

  api.decorate('pages', pagesOf(secret, ctx.config.publicUrl))
  api.decorateRequest('actor')
  requireAccess(api)
  exemptPages(api)
  api.addHook('onRequest', rateLimited(ctx, authentication.authenticate))
  refuseUnexpectedBodies(api)
  limitWritesOfCustomers(api, ctx)
  const records = {
    client: clientRecord,
    customer: customerRecord,
    me: meRecord,
    operator: operatorRecord,
    post: postRecord,
    request: requestRecord,
    ticket: ticketRecord,
    user: userRecord,
  }
  answerByContract(api, ctx, records, secret)

  healthRoutes(api, ctx)
  metricsRoutes(api, registry)
  authRoutes(api, ctx, secret)
  mailedLinkRoutes(api, ctx)
  servePages(api, ctx)
  const oauth = await serveOAuth(api, ctx, secret)
  userRoutes(api)
  customerRoutes(api, ctx)
  signUpRoutes(api, ctx, authentication)
  requestRoutes(api)
  const attachments = attachmentUploads(ctx)
  attachmentRoutes(api)
  ticketRoutes(api, attachments)
  postRoutes(api, attachments)
  await notificationRoutes(api, ctx, secret)
  searchRoutes(api)
  auditRoutes(api)
  const feed = serveFeed(api, ctx, { policies: changePolicies, holds: authentication.holds })
  authentication.onAccessChange(feed.accessChanged)
  await serveDocs(api, ctx.config.publicUrl, docsClientId)
  refuseOthers()
  await api.ready()
  return { api, listeners: [authentication.listener, feed.listener, oauth] }
}
