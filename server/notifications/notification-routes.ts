// Where the mails lead: a page that asks, since programs that look into mail open links, too; and what a mail program's own button
// sends (RFC 8058), which brings neither cookies nor a person. The link is all the power there is.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import type { Api } from '../http/api.ts'
import { unsubscribeLinks } from './unsubscribe-links.ts'
import { noLinkPage, settingPage } from './pages.ts'
import { notificationSettings } from './setting-service.ts'

/** It asks the database, so it is limited like calls of the API. */
const config = { access: 'anyone', exemptFromLimits: false } as const

/** Bytes: `List-Unsubscribe=One-Click`, in whatever form. */
const bodyLimit = 4 * 1024

interface Asked {
  Querystring: Readonly<Record<string, unknown>>
}

/** `secret` signs the links. */
export async function notificationRoutes(api: Api, ctx: Context, secret: string): Promise<void> {
  const settings = notificationSettings(unsubscribeLinks(secret, ctx.config.publicUrl))

  await api.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // The link says it all; whatever stands in the body, to be asked for means to stop.
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, async () => undefined)
    scope.get<Asked>('/unsubscribe', { config }, async (request, reply) =>
      answer(request, reply, await settings.read(ctx, request.query['token'])),
    )
    scope.post<Asked>('/unsubscribe', { config }, async (request, reply) => {
      const { token, resume } = request.query
      return answer(request, reply, await settings.set(ctx, token, resume === 'yes', request.id))
    })
  })
}

function answer(request: FastifyRequest<Asked>, reply: FastifyReply, notifications: boolean | undefined) {
  const here = `/unsubscribe?token=${encodeURIComponent(String(request.query['token']))}`
  const { body, headers } = notifications === undefined ? noLinkPage : settingPage(here, notifications)
  return reply
    .code(notifications === undefined ? 400 : 200)
    .headers(headers)
    .send(body)
}
