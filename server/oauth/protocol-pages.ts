// What people see of the protocol: consent, the code of a device, and what went wrong. Plain pages without scripts.
import { type Role, scopes as apiScopes, signInScopes } from '../../contract/index.ts'
import type { Api } from '../http/api.ts'
import { html, htmlPage, type Page } from '../http/html-page.ts'
import { serveFolder } from '../http/static-pages.ts'

const words: Readonly<Record<string, string>> = { ...signInScopes, ...apiScopes }

/** Under the house's `no-referrer` a browser names no origin with a form, and it could not be told from another site's. */
const headers = { 'referrer-policy': 'same-origin' }

const page = (title: string, main: string, formLeadsTo?: string): Page =>
  htmlPage(title, main, { style: '/oauth/pages/consent.css', formLeadsTo, headers })

interface Asked {
  readonly client: string
  readonly scopes: readonly string[]
  readonly account: string
  readonly role: Role
  /** Where the browser goes then, in the words of a policy; none for a device. */
  readonly leadsTo: string | undefined
}

export function consentPage({ client, scopes, account, role, leadsTo }: Asked): Page {
  const items = scopes.map((scope) => `          <li>${html(words[scope] ?? scope)}</li>`)
  const goesTo = leadsTo === undefined ? '' : ` You go on to <strong>${html(leadsTo)}</strong> then.`
  return page(
    `Allow ${client}?`,
    `      <p><strong>${html(client)}</strong> asks to act for <strong>${html(account)}</strong>. It may then:</p>
      <ul>
${items.join('\n')}
      </ul>
      <p class="hint">Never more than you may yourself, as ${html(role)}. You can take it back at any time.${goesTo}</p>
      <form method="post">
        <input type="hidden" name="scope" value="${html(scopes.join(' '))}" />
        <button type="submit" name="choice" value="allow">Allow</button>
        <button type="submit" name="choice" value="deny" class="quiet">Deny</button>
      </form>`,
    leadsTo,
  )
}

interface Typed {
  readonly action: string
  readonly secret: string
  readonly code: string
  readonly problem: string | undefined
}

export function deviceCodePage({ action, secret, code, problem }: Typed): Page {
  return page(
    'Connect a device',
    `      <p>Type the code that the device shows.</p>
      <form method="post" action="${html(action)}">
        <input type="hidden" name="xsrf" value="${html(secret)}" />
        <label for="user_code">Code</label>
        <input id="user_code" name="user_code" value="${html(code)}" autocomplete="off" autocapitalize="characters"
          spellcheck="false" maxlength="30" required autofocus ${problem ? 'aria-describedby="problem"' : ''} />
        ${problem ? `<p id="problem" role="alert">${html(problem)}</p>` : ''}
        <button type="submit">Go on</button>
      </form>`,
  )
}

interface Confirmed {
  readonly action: string
  readonly secret: string
  readonly code: string
  readonly client: string
}

export function deviceConfirmPage({ action, secret, code, client }: Confirmed): Page {
  return page(
    `Connect ${client}?`,
    `      <p>Does the device show <strong class="code">${html(code)}</strong>? If it is not in front of you, or you did not begin
        this, somebody else may be trying to get into your account.</p>
      <form method="post" action="${html(action)}">
        <input type="hidden" name="xsrf" value="${html(secret)}" />
        <input type="hidden" name="user_code" value="${html(code)}" />
        <button type="submit" name="confirm" value="yes">It does</button>
        <button type="submit" name="abort" value="yes" class="quiet">Stop</button>
      </form>`,
  )
}

export const deviceDonePage = (client: string): Page =>
  page(
    'Connected',
    `      <p><strong>${html(client)}</strong> goes on by itself. You can close this page.</p>`,
  )

export const tookTooLong =
  'This took too long, or was done already. Go back to where you came from and begin anew.'

/** What a person can do about it comes first; `code` and `id` are for whoever they ask. */
export const problemPage = (sentence: string, code?: string, id?: string): Page =>
  page(
    'This did not work',
    `      <p role="alert">${html(sentence)}</p>${
      code === undefined ? '' : `\n      <p class="hint">${html(code)}${id ? ` · ${html(id)}` : ''}</p>`
    }`,
  )

export const serveStyle = (api: Api): void =>
  serveFolder(api, new URL('pages/', import.meta.url), '/oauth/pages')
