/** Where the protocol is served; named as oidc-provider names them. */
export const routes = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  revocation: '/oauth/revoke',
  introspection: '/oauth/introspect',
  userinfo: '/oauth/userinfo',
  jwks: '/oauth/jwks',
  device_authorization: '/oauth/device_authorization',
  code_verification: '/oauth/device',
} as const

export const interactionUrl = (uid: string) => `/oauth/interaction/${uid}`

/** The browser's way through one authorization. */
export const sessionCookieName = 'frontdesk_oauth'
