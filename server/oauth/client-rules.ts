// What a client may be: which ways to tokens go together, and with what.
import { type Client, type GrantType, type Scope, signInScopes } from '../../contract/index.ts'
import type { InvalidPart } from '../errors.ts'
import { faultOfRedirectUri, isLocalHttps, leadsToApp } from './redirect-uri-rules.ts'

interface Registered extends Readonly<Pick<Client, 'confidential' | 'first_party' | 'role'>> {
  readonly grant_types: readonly GrantType[]
  readonly redirect_uris: readonly string[]
  readonly scopes: readonly Scope[]
}

/** The documentation, in which people sign in to try calls out. */
export const docsClientId = 'frontdesk-docs'

/** It comes with the house: what it is, this version says, and nobody else changes or deletes it. */
export const isBuiltIn = ({ client_id }: Pick<Client, 'client_id'>): boolean => client_id === docsClientId

export const deviceCode = 'urn:ietf:params:oauth:grant-type:device_code' satisfies GrantType

/** The ways by which it acts for a user, as opposed to on its own. */
const forUsers: readonly GrantType[] = ['authorization_code', deviceCode, 'password']

export const actsForUsers = ({ grant_types }: Pick<Registered, 'grant_types'>) =>
  grant_types.some((type) => forUsers.includes(type))

/**
 * An app on the person's own machine (RFC 8252), which another app there could pretend to be: it has to ask each time. A program
 * with a secret that it can keep is told apart by that, wherever it runs.
 */
export const isNative = ({
  confidential,
  redirect_uris,
}: Pick<Registered, 'confidential' | 'redirect_uris'>): boolean =>
  redirect_uris.some((uri) => !/^https?:/.test(uri) || (!confidential && leadsToApp(uri)))

/** What is wrong with a client; nothing for one that may be. */
export function faultsOfClient(client: Registered): InvalidPart[] {
  const faults: InvalidPart[] = client.redirect_uris.flatMap((uri, index) => {
    const detail = faultOfRedirectUri(uri)
    return detail === undefined ? [] : [{ in: 'body', pointer: `/redirect_uris/${index}`, detail }]
  })
  const refuse = (pointer: string, detail: string) => void faults.push({ in: 'body', pointer, detail })
  const may = (type: GrantType) => client.grant_types.includes(type)

  if (may('authorization_code') && client.redirect_uris.length === 0)
    refuse('/redirect_uris', 'must name at least one place, since authorization_code sends browsers back')
  if (isNative(client) && client.redirect_uris.some(isLocalHttps))
    refuse('/redirect_uris', 'must not be https on this machine’s own address, for an app')
  if (may('client_credentials') && !client.confidential)
    refuse('/grant_types', 'must not name client_credentials where the client cannot keep a secret')
  if (may('password') && !client.first_party)
    refuse('/grant_types', 'must not name password for a client that is not first-party')
  return faults
}

/** All that a client may ask for. */
export function scopesOf(client: Pick<Registered, 'grant_types' | 'scopes'>): string[] {
  return [...client.scopes, ...(actsForUsers(client) ? Object.keys(signInScopes) : [])]
}
