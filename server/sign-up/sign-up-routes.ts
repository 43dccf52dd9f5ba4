import type { FastifyRequest } from 'fastify'
import { type Body, signUp } from '../../contract/index.ts'
import { type Authentication, callerOf } from '../auth/index.ts'
import type { Actor, Context } from '../context.ts'
import type { Api } from '../http/api.ts'
import { prepared } from '../http/prepared.ts'
import * as signingUp from './sign-up-service.ts'

/** Nobody where no credentials were shown. */
const actorOf = ({ actor }: { readonly actor?: Actor }): Actor | undefined => actor

export function signUpRoutes(api: Api, ctx: Context, { recentActor }: Pick<Authentication, 'recentActor'>) {
  const password = prepared((request: FastifyRequest<{ Body: Body<typeof signUp> }>) =>
    signingUp.passwordOf(request.ctx, request.body),
  )
  api.route({
    ...signUp,
    config: { ...signUp.config, prepare: password.prepare },
    onRequest: async (request) => signingUp.refuseWhereClosed(ctx, actorOf(request)),
    preHandler: (request, reply) =>
      signingUp.judge(ctx, actorOf(request), request.body, {
        caller: callerOf(request, reply),
        recentActor: () => recentActor(request),
      }),
    handler: async (request, reply) => {
      const { account, location } = await signingUp.create(request.ctx, request.body, {
        actor: actorOf(request),
        request_id: request.id,
        password_hash: password.of(request),
      })
      void reply.header('location', location)
      return account
    },
  })
}
