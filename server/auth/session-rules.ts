// How long a browser stays signed in (ASVS 5, 7.3), in seconds.
export const sessionLimits = {
  /** Whatever is done with it: 14 days. */
  absolute: 14 * 86_400,
  /** When nothing is done with it: 12 hours. */
  idle: 12 * 3_600,
} as const

/** Of what a browser calls itself, as much as tells it from another. */
export const shownUserAgent = (header: string | undefined): string | null =>
  header
    ?.replace(/[^\x21-\x7e]+/g, ' ')
    .trim()
    .slice(0, 200) || null
