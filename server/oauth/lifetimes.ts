const minute = 60
const day = 86_400

/** How long what is issued works, in seconds (RFC 9700; ASVS 5, 10.4). */
export const lifetimes = {
  authorizationCode: minute,
  accessToken: 10 * minute,
  idToken: 10 * minute,
  deviceCode: 10 * minute,
  /** From the first page to the answer. */
  interaction: 15 * minute,
  /** A refresh token that is not used. */
  refreshTokenIdle: 7 * day,
  /** A grant and all that comes from it, however often it is refreshed. */
  grant: 14 * day,
  /** A key signs for as long. */
  signingKey: 90 * day,
} as const
