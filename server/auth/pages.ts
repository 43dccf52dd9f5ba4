// The few pages that are there before anybody is signed in, and without the web app. They hold no power of their own: what
// they send to the API does. A page is one form; what all of them do is in pages/form.js.
import { readdirSync, readFileSync } from 'node:fs'
import type { Api } from '../http/api.ts'

const folder = new URL('pages/', import.meta.url)

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
}

/** Also for the pages of other modules: nothing but our own files runs, and no other site shows them in a frame. */
export const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

/** `sign-in.html` is at /sign-in; scripts and styles are under /pages. */
export function servePages(api: Api) {
  for (const file of readdirSync(folder)) {
    const [name = '', extension = ''] = file.split('.')
    const type = types[extension]
    if (type === undefined) throw new Error(`${file} is of no type that a page is made of`)
    const content = readFileSync(new URL(file, folder), 'utf8')
    const url = extension === 'html' ? `/${name}` : `/pages/${file}`
    api.get(url, { config: { access: 'anyone' } }, (_request, reply) =>
      reply.type(type).header('content-security-policy', pagePolicy).send(content),
    )
  }
}
