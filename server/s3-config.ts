// Where files are kept when not on this machine's disk: five variables, all of them or none.
import { type Environment, read, type Refuse } from './environment.ts'

export interface S3Config {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Undefined where none is given. */
export function s3Config(env: Environment, refuse: Refuse): S3Config | undefined {
  const given = {
    S3_ENDPOINT: read(env, 'S3_ENDPOINT', refuse),
    S3_REGION: read(env, 'S3_REGION', refuse),
    S3_BUCKET: read(env, 'S3_BUCKET', refuse),
    S3_ACCESS_KEY_ID: read(env, 'S3_ACCESS_KEY_ID', refuse),
    S3_SECRET_ACCESS_KEY: read(env, 'S3_SECRET_ACCESS_KEY', refuse),
  }
  const missing = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [name] : []))
  if (missing.length === Object.keys(given).length) return undefined
  if (missing.length > 0)
    refuse(`S3 needs all of ${Object.keys(given).join(', ')}; missing: ${missing.join(', ')}`)

  const url = URL.parse(given.S3_ENDPOINT ?? '')
  const plain = url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username
  // It may hold a password, so it is not repeated.
  if (given.S3_ENDPOINT !== undefined && !plain)
    refuse('S3_ENDPOINT must look like https://s3.example.com, without a query or a password')
  // It becomes a part of each URL.
  if (given.S3_BUCKET !== undefined && !/^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/.test(given.S3_BUCKET))
    refuse(`S3_BUCKET must be 3 to 63 small letters, digits, dots and hyphens, not ${given.S3_BUCKET}`)
  return {
    endpoint: given.S3_ENDPOINT ?? '',
    region: given.S3_REGION ?? '',
    bucket: given.S3_BUCKET ?? '',
    accessKeyId: given.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: given.S3_SECRET_ACCESS_KEY ?? '',
  }
}
