import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider'
import { type Page, problemPage } from './protocol-pages.ts'

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
