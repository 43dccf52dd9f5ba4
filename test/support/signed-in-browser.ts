// A browser that is signed in, as far as the server can tell: a cookie, and the headers that pages of ours send.
import { expect } from 'vitest'
import { createSession } from '../../contract/index.ts'
import { callerOf, type Caller } from './caller.ts'
import type { TestDesk } from './desk.ts'

/** What a browser says of a page of ours that sends something. */
export const fromOwnPage = ({ ctx }: Pick<TestDesk, 'ctx'>) => ({
  origin: ctx.config.publicUrl,
  'sec-fetch-site': 'same-origin',
})

export interface Browser {
  /** `name=value`, as it is sent back. */
  readonly cookie: string
  /** Calls as a page of ours does. */
  readonly call: Caller
}

/** `cookie`: what the browser holds by then. */
export async function signInBrowser(
  desk: Pick<TestDesk, 'ctx' | 'url'>,
  credentials: { readonly username: string; readonly password: string },
  { cookie, userAgent = 'a test' }: { readonly cookie?: string; readonly userAgent?: string } = {},
): Promise<Browser> {
  const own = fromOwnPage(desk)
  const headers = { ...own, 'user-agent': userAgent, ...(cookie === undefined ? {} : { cookie }) }
  const answer = await callerOf(desk.url, headers)(createSession, { body: credentials })
  expect(answer.status, JSON.stringify(answer.problem)).toBe(200)
  const [given = ''] = answer.headers.getSetCookie()
  const pair = given.slice(0, given.indexOf(';'))
  return { cookie: pair, call: callerOf(desk.url, { ...own, cookie: pair }) }
}
