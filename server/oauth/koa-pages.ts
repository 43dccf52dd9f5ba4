import { type ErrorOut, errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { Page } from '../http/html-page.ts'
import { problemPage, tookTooLong } from './protocol-pages.ts'

export function show(koa: KoaContextWithOIDC, { body, headers }: Page): void {
  koa.set({ ...headers })
  koa.body = body
}

/** An error that cannot be told to the client, since nothing says where it is: told to the person. */
export function showProblem(koa: KoaContextWithOIDC, { error, error_description }: ErrorOut): void {
  const sentence =
    error === 'server_error'
      ? 'Something went wrong on our side. Try again from where you came.'
      : 'The program that sent you here asked for something that is not possible. Go back and try again, or tell whoever runs it.'
  const code = [error, error_description].filter(Boolean).join(': ')
  show(koa, problemPage(sentence, code, String(koa.res.getHeader('x-request-id') ?? '')))
}

/** What nobody else has caught: left to koa, its answer would bear none of our headers. True where the browser's way has ended. */
export function showFailure(koa: KoaContextWithOIDC, error: unknown): boolean {
  // There is a page to show again, and no session of this browser for its form to count with: oidc-provider says so in its own way.
  const hasEnded = error instanceof Error && error.message.startsWith('persist can only be called')
  koa.status = hasEnded ? 400 : error instanceof errors.OIDCProviderError ? error.statusCode : 500
  if (hasEnded) show(koa, problemPage(tookTooLong))
  else showProblem(koa, { error: 'server_error' })
  return hasEnded
}
