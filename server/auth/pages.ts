import type { Api } from '../http/api.ts'
import { serveFolder } from '../http/static-pages.ts'

/**
 * The few pages that are there before anybody is signed in, and without the web app. They hold no power of their own: what
 * they send to the API does. A page is one form; what all of them do is in pages/form.js.
 */
export const servePages = (api: Api): void => serveFolder(api, new URL('pages/', import.meta.url), '/pages')
