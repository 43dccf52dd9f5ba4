import {
  type Body,
  changeMyPassword,
  createSession,
  createToken,
  deleteSession,
  endMySession,
  listMySessions,
  listMyTokens,
  reauthenticateMe,
  revokeMyToken,
  setUp,
  signOutEverywhere,
} from '../../contract/index.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import type { Api } from '../http/api.ts'
import { prepared } from '../http/prepared.ts'
import { callerOf } from './caller.ts'
import { setUpFirstAdmin } from './first-admin-service.ts'
import { deviceSeconds, knownDevices } from './known-devices.ts'
import {
  deviceCookie,
  deviceInCookies,
  endedCookie,
  secretInCookies,
  sessionCookie,
} from './session-cookie.ts'
import { sessionLimits } from './session-rules.ts'
import * as sessions from './session-service.ts'
import {
  changePassword,
  countPasswordTry,
  forgetPasswordTries,
  newPasswordOf,
  noteReauthenticated,
  showPassword,
  signIn,
  signInBrowser,
} from './sign-in-service.ts'
import * as tokens from './token-service.ts'

/** `secret` signs the marks by which browsers are known again. */
export function authRoutes(api: Api, ctx: Context, secret: string) {
  const devices = knownDevices(secret)
  const { publicUrl } = ctx.config
  const showed = new WeakSet<FastifyRequest>()
  /** Tries to show one's password are counted before, and forgotten after: in a transaction of the call both would be undone when it is refused. */
  const passwordTries = {
    preHandler: (request: FastifyRequest, reply: FastifyReply) =>
      countPasswordTry(ctx, request.actor, callerOf(request, reply)),
    onSend: async (request: FastifyRequest, reply: FastifyReply) => {
      if (!showed.has(request)) return
      // What was asked for is done by now, and whoever asked is told so, whatever becomes of this.
      await forgetPasswordTries(ctx, request.actor, callerOf(request, reply)).catch((error: unknown) =>
        request.log.warn({ err: error }, 'could not forget the tries of a right password'),
      )
    },
  }

  const shownAgain = prepared(async (request: FastifyRequest<{ Body: Body<typeof reauthenticateMe> }>) => {
    await showPassword(request.ctx, request.actor, request.body)
    showed.add(request)
  })
  const newPassword = prepared((request: FastifyRequest<{ Body: Body<typeof changeMyPassword> }>) =>
    newPasswordOf(request.ctx, request.actor, request.body, () => showed.add(request)),
  )

  api.route({
    ...createToken,
    handler: (request, reply) => signIn(request.ctx, request.body, callerOf(request, reply)),
  })
  api.route({
    ...createSession,
    handler: async (request, reply) => {
      const { cookie, 'user-agent': user_agent } = request.headers
      const { username } = request.body
      const device = devices.deviceOf(username, deviceInCookies(publicUrl, cookie))
      const { secret, session } = await signInBrowser(
        request.ctx,
        request.body,
        { ...callerOf(request, reply), device },
        { user_agent, secret: secretInCookies(publicUrl, cookie) },
      )
      void reply.header('set-cookie', [
        sessionCookie(publicUrl, secret, sessionLimits.absolute),
        deviceCookie(publicUrl, devices.markFor(username), deviceSeconds),
      ])
      return session
    },
  })
  api.route({
    ...deleteSession,
    handler: async (request, reply) => {
      await sessions.signOut(request.ctx, request.actor)
      void reply.header('set-cookie', endedCookie(publicUrl))
    },
  })
  api.route({
    ...signOutEverywhere,
    handler: async (request, reply) => {
      await sessions.signOutEverywhere(request.ctx, request.actor)
      void reply.header('set-cookie', endedCookie(publicUrl))
    },
  })
  api.route({
    ...reauthenticateMe,
    ...passwordTries,
    config: { ...reauthenticateMe.config, prepare: shownAgain.prepare },
    handler: (request) => noteReauthenticated(request.ctx, request.actor),
  })
  api.route({
    ...changeMyPassword,
    ...passwordTries,
    config: { ...changeMyPassword.config, prepare: newPassword.prepare },
    handler: (request) => changePassword(request.ctx, request.actor, newPassword.of(request)),
  })
  api.route({
    ...listMySessions,
    handler: async (request) =>
      api.pages.envelope(request, await sessions.list(request.ctx, request.actor, api.pages.query(request))),
  })
  api.route({
    ...endMySession,
    handler: (request) => sessions.end(request.ctx, request.actor, request.params.id),
  })
  api.route({
    ...listMyTokens,
    handler: async (request) =>
      api.pages.envelope(request, await tokens.list(request.ctx, request.actor, api.pages.query(request))),
  })
  api.route({
    ...revokeMyToken,
    handler: (request) => tokens.revoke(request.ctx, request.actor, request.params.id),
  })
  api.route({
    ...setUp,
    handler: (request) => setUpFirstAdmin(request.ctx, request.body, request.id),
  })
}
