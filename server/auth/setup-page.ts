// The page behind the one-time set-up link. It holds no power of its own: what it sends to POST /api/v1/setup does.
import { readFileSync } from 'node:fs'
import type { Api } from '../http/api.ts'

const files = [
  { url: '/setup', file: 'setup.html', type: 'text/html; charset=utf-8' },
  { url: '/setup/setup.css', file: 'setup.css', type: 'text/css; charset=utf-8' },
  { url: '/setup/setup.js', file: 'setup.js', type: 'text/javascript; charset=utf-8' },
] as const

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

export function setUpPage(api: Api) {
  for (const { url, file, type } of files) {
    const content = readFileSync(new URL(`setup-page/${file}`, import.meta.url), 'utf8')
    api.get(url, { config: { access: 'anyone' } }, (_request, reply) =>
      reply.type(type).header('content-security-policy', policy).send(content),
    )
  }
}
