// The protocol's own URLs. What comes to them is handed to oidc-provider as it is, with the headers and the limits of the house.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Provider } from 'oidc-provider'
import { Type } from 'typebox'
import { object, oneOf } from '../../contract/schema.ts'
import { sentByOwnPage } from '../auth/index.ts'
import { clientNetworkOf } from '../client-network.ts'
import type { Context } from '../context.ts'
import type { Api } from '../http/api.ts'
import { endProgress } from '../http/load-shedding.ts'
import { limit } from '../http/rate-limits.ts'
import { answeredIn, rateLimitFields } from '../http/rate-limit-fields.ts'
import { noteArrival } from './arrivals.ts'
import type { CookieSigning } from './cookie-signing.ts'
import { freshCookies } from './fresh-cookies.ts'
import { type Decision, decide, type Step, stepOf } from './interactions.ts'
import { form, readForms } from './protocol-bodies.ts'
import { problemPage } from './protocol-pages.ts'
import { interactionUrl, routes } from './protocol-urls.ts'

export type CurrentProvider = () => Promise<Provider>

/** They ask the database, so they are limited like calls of the API. */
const config = { access: 'anyone', exemptFromLimits: false } as const

/** Of what anybody may have kept for a while, in bytes. */
const longest = 4096

/** Documents are there for HEAD as well; what begins or goes on with something is not, since asking would do it. */
const served = [
  ['/.well-known/oauth-authorization-server', 'GET', 'HEAD', 'OPTIONS'],
  ['/.well-known/openid-configuration', 'GET', 'HEAD', 'OPTIONS'],
  [routes.jwks, 'GET', 'HEAD', 'OPTIONS'],
  [routes.authorization, 'GET'],
  [`${routes.authorization}/:uid`, 'GET'],
  [routes.code_verification, 'GET', 'POST'],
  [`${routes.code_verification}/:uid`, 'GET'],
  [routes.device_authorization, 'POST', 'OPTIONS'],
  [routes.token, 'POST', 'OPTIONS'],
  [routes.revocation, 'POST', 'OPTIONS'],
  [routes.introspection, 'POST', 'OPTIONS'],
  [routes.userinfo, 'GET', 'HEAD', 'POST', 'OPTIONS'],
] as const

/** Whoever begins an authorization does so with the sign-in that this browser has now, and with nothing left of an earlier one. */
const begins = new Set<string>([routes.authorization, routes.code_verification])

/** What makes something that is kept, for a caller whom nobody knows. */
const keeps = new Set<string>([routes.authorization, routes.device_authorization])
const begunInAMinute = 60

export async function protocolRoutes(
  api: Api,
  ctx: Context,
  current: CurrentProvider,
  cookieSigning: CookieSigning,
): Promise<void> {
  const { protocol, host } = new URL(ctx.config.publicUrl)

  const countBegun = ctx.config.rateLimit ? limit('authorization', begunInAMinute, ctx.clock) : undefined

  await api.register(async (scope) => {
    readForms(scope)
    for (const [url, ...method] of served)
      scope.route({
        method,
        url,
        config,
        exposeHeadRoute: false,
        ...(url === routes.device_authorization ? { bodyLimit: longest } : {}),
        handler: handOver,
      })
  })

  async function handOver(request: FastifyRequest, reply: FastifyReply) {
    const { raw } = request
    const { path, query } = partsOf(raw.url ?? '')
    if (query.length > longest) return answer(reply, tooLong)
    const tooMany =
      keeps.has(String(request.routeOptions.url)) && countBegun?.(clientNetworkOf(request.ip), reply)
    if (tooMany) throw tooMany
    const provider = await current()
    const isDevicePage = request.method === 'GET' && request.routeOptions.url === routes.code_verification
    noteArrival(raw, {
      address: request.ip,
      request_id: request.id,
      tell: (allowance) => {
        for (const [name, value] of Object.entries(rateLimitFields(allowance)))
          reply.raw.setHeader(name, value)
      },
      userCode: isDevicePage ? (new URLSearchParams(query).get('user_code') ?? undefined) : undefined,
    })
    raw.url = path.replace(/\/$/, '') + (isDevicePage ? '' : withoutOtherModes(query))
    Object.assign(raw, { originalUrl: raw.url })
    // Where we are is what PUBLIC_URL says, whatever the caller does.
    raw.headers.host = host
    raw.headers['x-forwarded-proto'] = protocol.slice(0, -1)
    delete raw.headers['x-forwarded-host']
    if (request.method === 'GET' && begins.has(String(request.routeOptions.url)))
      raw.headers.cookie = await freshCookies(ctx, provider, raw.headers, cookieSigning)

    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value)
    reply.hijack()
    try {
      await provider.callback()(raw, reply.raw)
    } finally {
      endProgress(request)
    }
  }

  await api.register(async (scope) => {
    scope.addContentTypeParser(
      form,
      { parseAs: 'string', bodyLimit: longest },
      async (_request: unknown, body: string) => String(new URLSearchParams(body)),
    )
    // A form for what may be asked by a link as well (OpenID Connect Core, section 3.1.2.1): the browser is sent there.
    scope.post<{ Body: string }>(
      routes.authorization,
      { config, schema: { body: { type: 'string' } } },
      async (request, reply) => reply.redirect(`${routes.authorization}?${request.body}`, 303),
    )
  })

  const decision = object({
    choice: oneOf(['allow', 'deny'], 'What the person chose.'),
    scope: Type.String({ description: 'What the page has shown them.' }),
  })

  await api.register(async (scope) => {
    scope.addContentTypeParser(
      form,
      { parseAs: 'string', bodyLimit: 1024 },
      async (_request: unknown, body: string) => Object.fromEntries(new URLSearchParams(body)),
    )
    scope.get<{ Params: { uid: string } }>(interactionUrl(':uid'), { config }, async (request, reply) =>
      answer(reply, await stepOf(ctx, await current(), request.params.uid, arrived(request, reply))),
    )
    scope.post<{ Params: { uid: string }; Body: Decision }>(
      interactionUrl(':uid'),
      { config, schema: { body: decision } },
      async (request, reply) => {
        if (!sentByOwnPage(ctx, request.headers)) return answer(reply, foreign)
        const browser = arrived(request, reply)
        return answer(reply, await decide(ctx, await current(), request.params.uid, browser, request.body))
      },
    )
  })

  function arrived(request: FastifyRequest, reply: FastifyReply) {
    noteArrival(request.raw, { address: request.ip, request_id: request.id, tell: answeredIn(reply) })
    return { req: request.raw, res: reply.raw }
  }
}

/** The query with its question mark; a further one belongs to it. */
function partsOf(url: string) {
  const at = url.indexOf('?')
  return at === -1 ? { path: url, query: '' } : { path: url.slice(0, at), query: url.slice(at) }
}

/** One of which oidc-provider knows more than we serve would have its errors, too: as a page with a script. */
function withoutOtherModes(query: string): string {
  const asked = new URLSearchParams(query)
  if (asked.getAll('response_mode').every((mode) => mode === 'query')) return query
  asked.set('response_mode', 'unsupported')
  return `?${asked}`
}

const tooLong: Step = { status: 400, show: problemPage('This address is longer than any program needs.') }

const foreign: Step = {
  status: 403,
  show: problemPage('This was not sent by a page of Frontdesk. Nothing was allowed.'),
}

function answer(reply: FastifyReply, step: Step) {
  if ('goTo' in step) return reply.redirect(step.goTo, 303)
  const { body, headers } = step.show
  return reply.code(step.status).headers(headers).send(body)
}
