// What a module's routes are registered on.
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Endpoint } from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import type { Pages } from './pages.ts'
import type { Prepare } from './prepared.ts'

export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

declare module 'fastify' {
  interface FastifyInstance {
    pages: Pages
  }
  interface FastifyRequest {
    /** Who is calling; set before the handler of every route that is not for anyone. */
    actor: Actor
    /** What the use case runs with: where the house has opened a transaction for it, that one. Set before the handler. */
    ctx: Context
  }
  interface FastifyContextConfig extends Partial<Endpoint['config']> {
    /** Done before the handler, and before any transaction of its call. */
    prepare?: Prepare
  }
}
