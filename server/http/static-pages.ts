// Pages without the web app, and their scripts and styles: files of ours, read once at the start.
import { readdirSync, readFileSync } from 'node:fs'
import type { Api } from './api.ts'

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
}

/** Nothing but our own files runs, and no other site shows it in a frame. `formLeadsTo`: where else its form may lead. */
export function pagePolicy({ formLeadsTo }: { readonly formLeadsTo?: string | undefined } = {}): string {
  const formAction = ["'self'", formLeadsTo].filter(Boolean).join(' ')
  return `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action ${formAction}; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'`
}

/** Of this folder, `sign-in.html` is at /sign-in, and scripts and styles are under `files`. `fitted`: a page as it is here. */
export function serveFolder(
  api: Api,
  folder: URL,
  files: `/${string}`,
  fitted = (page: string): string => page,
): void {
  for (const file of readdirSync(folder)) {
    const [name = '', extension = ''] = file.split('.')
    const type = types[extension]
    if (type === undefined) throw new Error(`${file} is of no type that a page is made of`)
    const read = readFileSync(new URL(file, folder), 'utf8')
    const content = extension === 'html' ? fitted(read) : read
    const url = extension === 'html' ? `/${name}` : `${files}/${file}`
    api.get(url, { config: { access: 'anyone' } }, (_request, reply) =>
      reply.type(type).header('content-security-policy', pagePolicy()).send(content),
    )
  }
}
