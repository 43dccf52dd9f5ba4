import type { Context } from '../context.ts'
import type { Api } from '../http/api.ts'
import { serveFolder } from '../http/static-pages.ts'

/**
 * The few pages that are there before anybody is signed in, and without the web app. They hold no power of their own: what
 * they send to the API does. A page is one form; what all of them do is in pages/form.js.
 */
export function servePages(api: Api, { config }: Context): void {
  serveFolder(api, new URL('pages/', import.meta.url), '/pages', (page) => fitted(page, config))
}

/** Some parts of pages are for where people sign up by themselves, or for where they do not. */
const parts = /^ *<!-- SIGN_UP=(on|off) -->\n(.*?)^ *<!-- \/SIGN_UP -->\n/gms

const fitted = (page: string, { signUp }: Context['config']): string =>
  page.replaceAll(parts, (_, where: string, part: string) => ((where === 'on') === signUp ? part : ''))
