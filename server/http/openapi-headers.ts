// Which headers an endpoint takes and answers, for its page in the document. What it does with them: answers.ts.
import { type Endpoint, isConditionalRead, takesIdempotencyKey, recordOf } from '../../contract/index.ts'

type Json = Record<string, unknown>

/** The media type of server-sent events (WHATWG HTML): a stream of them is taken up again by Last-Event-ID. */
export const eventStream = 'text/event-stream'

export function headerParameters(endpoint: Endpoint): Json[] {
  const header = (name: string, description: string, example: string, more: Json = {}) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string', ...more, examples: [example] },
  })
  return [
    ...(isConditionalRead(endpoint)
      ? [header('If-None-Match', 'A tag that you have: answers 304 while it is the current one.', '"1"')]
      : []),
    ...(endpoint.config.tagged
      ? [header('If-None-Match', 'A tag that you have: answers 304 while it is the current one.', '*')]
      : []),
    ...(endpoint.config.changes
      ? [
          header(
            'If-Match',
            'The tag that you have seen: changes nothing (412) once there is another.',
            '"1"',
          ),
        ]
      : []),
    ...(endpoint.config.produces === eventStream
      ? [header('Last-Event-ID', 'The last event that you know: goes on behind it.', '41')]
      : []),
    ...(takesIdempotencyKey(endpoint)
      ? [
          header(
            'Idempotency-Key',
            'Your name for this call: sent again, it happens once.',
            '7b0c8f0e-3d1c',
            {
              minLength: 1,
              maxLength: 255,
            },
          ),
        ]
      : []),
  ]
}

/** Described once, for all answers that bear them. */
export const commonHeaders: Json = {
  'RateLimit-Policy': {
    description: 'The limit that counts here: how many calls (`q`) in how many seconds (`w`).',
    schema: { type: 'string', examples: ['"user";q=6000;w=60'] },
  },
  RateLimit: {
    description:
      'How many calls are left (`r`), and in how many seconds (`t`) there are all of them again. What a customer sends counts once for each 16 KiB of it that are begun, or 10 MiB where it brings files.',
    schema: { type: 'string', examples: ['"user";r=5999;t=42'] },
  },
  'Retry-After': {
    description: 'Try again after as many seconds.',
    schema: { type: 'integer', minimum: 1, examples: [42] },
  },
}

const named = (names: readonly string[]): Json =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))

export function problemHeaders(status: number): Json | undefined {
  if (status === 429) return named(Object.keys(commonHeaders))
  return status === 503 ? named(['Retry-After']) : undefined
}

export function replyHeaders({ config, schema }: Endpoint, status: number): Json | undefined {
  const record = recordOf(schema.response[status])
  const text = { type: 'string' }
  if (config.tagged) return { ETag: { description: 'Names what is answered, by its content.', schema: text } }
  if (!record) return undefined
  return {
    ETag: { description: 'The version of the record, in quotes.', schema: text },
    ...(status === 201 ? { Location: { description: 'Where the new record is.', schema: text } } : {}),
  }
}
