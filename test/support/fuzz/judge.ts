// What is wrong with a reply: more than legal-reply.ts asks, since a hostile caller must get nothing by its trouble.
import { atLeast, type Endpoint, type Role, roles } from '../../../contract/index.ts'
import { whyIllegal } from '../legal-reply.ts'
import type { Recipe } from './recipe.ts'
import type { Sent } from './sent.ts'
import { endpointServing } from './served.ts'
import type { Reply } from './wire.ts'

/** Endpoints whose answer is a secret. */
const mayTellSecrets: readonly string[] = ['createToken']

export interface Judgement {
  readonly endpoint: Endpoint | undefined
  /** In words; undefined for a reply as it should be. */
  readonly complaint: string | undefined
}

export function judge(
  endpoints: readonly Endpoint[],
  { recipe, sent, reply }: { readonly recipe: Recipe; readonly sent: Sent; readonly reply: Reply },
): Judgement {
  const isAstray = recipe.twists.some((twist) => twist.astray)
  const endpoint = recipe.kind === 'valid' ? recipe.call.endpoint : endpointServing(endpoints, sent)
  const { method } = sent
  const { status } = reply
  const complaint =
    // Overload and a lost database are no answers to a request; here there is neither.
    (status >= 500 ? `the status ${status}: ${reply.text.slice(0, 500)}` : undefined) ??
    (isPage(endpoint, sent, reply)
      ? undefined
      : whyIllegal(isAstray && status >= 400 ? undefined : endpoint, { method, reply })) ??
    entrance(recipe, endpoint, status) ??
    leak(endpoint, reply) ??
    strayLink(endpoints, endpoint, reply)
  return { endpoint, complaint }
}

/** Pages for people and their files are no endpoints of the contract. */
function isPage(endpoint: Endpoint | undefined, { target }: Sent, { status }: Reply): boolean {
  return endpoint === undefined && status < 400 && !/^[^?#]*\/api\b/i.test(target)
}

/** Nobody gets in who may not. What a monitor may, anybody on this machine may. */
function entrance({ who }: Recipe, endpoint: Endpoint | undefined, status: number): string | undefined {
  if (!endpoint || status >= 400) return undefined
  const { access, monitors } = endpoint.config
  if (access === 'anyone' || monitors) return undefined
  const isLetIn = roles.includes(who as Role) && atLeast(who as Role, access)
  return isLetIn ? undefined : `${status} for ${who}, where ${access} is needed`
}

const secrets = /\$argon2|\b(?:fdt|fds|fdb|fdm|whsec)_[\w-]{20,}/

/** What stands in the messages of PostgreSQL, of Node and of our own code. A problem's path is the caller's own words. */
const inside =
  /node_modules|\.[jt]s:\d|\bat \w[\w.<>]* \(|syntax error at|relation "|column "|violates|invalid input|out of range|duplicate key|prepared statement|ECONN|TypeError|RangeError|Cannot read/

function leak(endpoint: Endpoint | undefined, { status, text }: Reply): string | undefined {
  const [secret] = secrets.exec(text) ?? []
  const isTold =
    endpoint !== undefined && status < 400 && mayTellSecrets.includes(endpoint.schema.operationId)
  if (secret !== undefined && !isTold && !isDocument(text))
    return `a secret in the reply: ${secret.slice(0, 8)}…`
  if (status < 400) return undefined
  const [told] = inside.exec(text.replace(/"instance":"(?:[^"\\]|\\.)*"/, '')) ?? []
  return told === undefined
    ? undefined
    : `the inside of the house in a problem (${told}): ${text.slice(0, 500)}`
}

/** The other pages of a list are pages of that list. */
function strayLink(
  endpoints: readonly Endpoint[],
  endpoint: Endpoint | undefined,
  { status, text }: Reply,
): string | undefined {
  if (status !== 200 || endpoint?.schema.querystring === undefined) return undefined
  for (const [, link = ''] of text.matchAll(/"(?:next|previous)":"([^"]*)"/g)) {
    const { pathname } = new URL(link)
    const led = endpointServing(endpoints, { method: 'GET', target: pathname })
    if (led !== endpoint) return `a link that leads elsewhere: ${link}`
  }
  return undefined
}

/** The documentation shows a made-up token. */
const isDocument = (text: string) => text.startsWith('{"openapi":')
