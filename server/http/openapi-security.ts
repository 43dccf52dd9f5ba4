// What lets callers in, for the document: their own token, or one that a client was given, with the scope that a call needs.
import { type Endpoint, scopes } from '../../contract/index.ts'

type Json = Record<string, unknown>

export function securitySchemes(publicUrl: string): Json {
  const tokenUrl = `${publicUrl}/oauth/token`
  return {
    token: { type: 'http', scheme: 'bearer', description: 'A token from `POST /api/v1/token`.' },
    oauth2: {
      type: 'oauth2',
      description:
        'For programs that act for users, or on their own. A scope never gives more than the role has: both must allow a call. Discovery: `/.well-known/oauth-authorization-server`.',
      flows: {
        authorizationCode: {
          authorizationUrl: `${publicUrl}/oauth/authorize`,
          tokenUrl,
          refreshUrl: tokenUrl,
          scopes,
        },
        clientCredentials: { tokenUrl, scopes },
      },
    },
  }
}

/** One of these is enough. What names no scope is for people themselves. */
export function securityOf({ config }: Endpoint): Json[] {
  if (config.access === 'anyone') return config.caller === undefined ? [] : [{}, { token: [] }]
  return [
    ...(config.monitors ? [{}] : []),
    { token: [] },
    ...(config.scope === undefined ? [] : [{ oauth2: [config.scope] }]),
  ]
}

/** Who may call, in a sentence or two. */
export function whoMay({ config }: Endpoint): string {
  if (config.access === 'anyone') return ''
  const role = ` For the role ${config.access} ${config.upTo === config.access ? 'alone' : 'and above'}`
  if (config.scope !== undefined) return `${role}; clients need the scope \`${config.scope}\`.`
  return `${role}; not for clients.`
}
