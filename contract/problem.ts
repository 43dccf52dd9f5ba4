import { Type } from 'typebox'
import { object } from './schema.ts'

/** RFC 9457, `application/problem+json`: what every failure answers. */
export const Problem = object(
  {
    type: Type.String({
      description: 'A stable name of the kind of problem.',
      examples: ['urn:frontdesk:problem:phone_taken'],
    }),
    title: Type.String({ description: 'The status in words.', examples: ['Conflict'] }),
    status: Type.Integer({ description: 'The HTTP status.', examples: [409] }),
    detail: Type.String({
      description: 'What went wrong, for a person.',
      examples: ['Another live customer has the phone +442083661171.'],
    }),
    instance: Type.String({ description: 'The path that was called.', examples: ['/api/v1/customers'] }),
    request_id: Type.String({
      description: 'Names this call in the logs.',
      examples: ['019ab6d0-6a53-7a0e-8d3f-2f7f4a1c9d55'],
    }),
    conflicts_with: Type.Optional(
      Type.String({ description: 'The record in the way, on a 409.', examples: ['/api/v1/customers/1'] }),
    ),
    errors: Type.Optional(
      Type.Array(
        object({
          in: Type.Unsafe<'body' | 'query' | 'path'>({
            type: 'string',
            enum: ['body', 'query', 'path'],
            description: 'The part of the call.',
            examples: ['body'],
          }),
          pointer: Type.String({
            description: 'A JSON pointer (RFC 6901) into that part.',
            examples: ['/phone'],
          }),
          detail: Type.String({ description: 'What is wrong there.', examples: ['must be a phone number'] }),
        }),
        { description: 'Each thing that does not fit, on a 422; on a 413 or 415 the file that was refused.' },
      ),
    ),
  },
  { $id: 'Problem', description: 'Why a call failed (RFC 9457).' },
)
