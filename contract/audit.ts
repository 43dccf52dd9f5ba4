// The audit log: who did what to which record, and when. It is read here, and written by whatever has an effect.
import { Type, type Static } from 'typebox'
import type { Endpoint } from './endpoint.ts'
import { roles } from './roles.ts'
import { id, listQuery, nullable, object, oneOf, pageOf, timestamp } from './schema.ts'

const tags = ['Audit'] as const

/** The types of record that have a life in the log. A ticket is what the API calls a request; an access token, what a client has by its own secret. */
export const recordTypes = [
  'access_token',
  'client',
  'customer',
  'grant',
  'post',
  'session',
  'signing_key',
  'ticket',
  'token',
  'user',
] as const

/** All that happens to them. */
export const actions = [
  'access_token.revoked',
  'client.created',
  'client.updated',
  'client.secret_rotated',
  'client.deleted',
  'customer.created',
  'customer.updated',
  'customer.archived',
  'customer.restored',
  'customer.linked',
  'customer.unlinked',
  'customer.notifications_changed',
  'customer.photo_changed',
  'customer.photo_removed',
  'grant.created',
  'grant.revoked',
  'post.created',
  'post.edited',
  'post.deleted',
  'session.created',
  'session.ended',
  'session.reauthenticated',
  'signing_key.created',
  'signing_key.deleted',
  'ticket.created',
  'ticket.edited',
  'ticket.assigned',
  'ticket.reassigned',
  'ticket.completed',
  'ticket.rejected',
  'ticket.archived',
  'ticket.restored',
  'ticket.moved',
  'ticket.updated',
  'ticket.replied',
  'ticket.reopened',
  'ticket.post_deleted',
  'token.created',
  'token.reauthenticated',
  'token.revoked',
  'user.created',
  'user.updated',
  'user.role_changed',
  'user.disabled',
  'user.enabled',
  'user.invited',
  'user.invitation_accepted',
  'user.email_changed',
  'user.password_reset',
  'user.password_changed',
  'user.notifications_changed',
] as const

/** A record by its type and its number. */
export const recordPattern = `^(?:${recordTypes.join('|')}):[1-9][0-9]{0,14}$`

/** The row as it is kept, whatever fields its type has. */
const row = (description: string, example: Record<string, unknown> | null) =>
  Type.Unsafe<Record<string, unknown> | null>({
    type: ['object', 'null'],
    additionalProperties: true,
    description,
    examples: [example],
  })

const what = {
  id: id('Number of the event.'),
  at: timestamp('When it happened.'),
  actor_id: nullable(id('The user who did it; null for one without an account, such as the command line.')),
  actor_role: Type.String({
    description: `What they did it as: ${roles.join(', ')}, or a part of the system.`,
    examples: ['operator'],
  }),
  action: Type.String({
    description: 'The type of the record, and what happened to it.',
    examples: ['customer.updated'],
  }),
}

const request_id = Type.String({
  description: 'Names the call that did it in the logs.',
  examples: ['019ab6d0-6a53-7a0e-8d3f-2f7f4a1c9d55'],
})

export const AuditEvent = object(
  {
    ...what,
    record_type: Type.String({
      description: `One of ${recordTypes.join(', ')}. A ticket is what the API calls a request.`,
      examples: ['customer'],
    }),
    record_id: id('Number of the record.'),
    before: row('The record as it was, without secrets; null when this made it.', {
      id: 1,
      last_name: 'Stark',
      version: 1,
    }),
    after: row('The record as it became, without secrets.', { id: 1, last_name: 'Snow', version: 2 }),
    request_id,
  },
  { $id: 'AuditEvent', description: 'One effect on one record. Never changed, never removed.' },
)
export type AuditEvent = Static<typeof AuditEvent>

export const HistoryEntry = object(
  {
    ...what,
    changes: Type.Record(
      Type.String(),
      object({
        from: Type.Unknown({ description: 'What it was; null when there was nothing.', examples: ['Stark'] }),
        to: Type.Unknown({ description: 'What it became.', examples: ['Snow'] }),
      }),
      {
        description: 'What became of each field that changed, by its name.',
        examples: [{ last_name: { from: 'Stark', to: 'Snow' } }],
      },
    ),
    request_id,
  },
  { $id: 'HistoryEntry', description: 'One step in the life of a record.' },
)
export type HistoryEntry = Static<typeof HistoryEntry>

/** How every history is asked for. */
export const historyQuery = listQuery({}, ['created'])
export const HistoryPage = pageOf(HistoryEntry)

const moment = (description: string) =>
  Type.String({ format: 'date-time', maxLength: 64, description, examples: ['2026-11-21T00:00:00Z'] })

export const listAuditEvents = {
  method: 'GET',
  url: '/api/v1/audit',
  config: { access: 'admin', scope: 'audit:read' },
  schema: {
    operationId: 'listAuditEvents',
    summary: 'Search the audit log',
    description: 'Every effect on every record, newest first. Filters combine.',
    tags,
    querystring: listQuery(
      {
        record: Type.Optional(
          Type.String({
            pattern: recordPattern,
            maxLength: 64,
            description: 'Only what happened to this record: its type and number, such as customer:12.',
            examples: ['customer:12'],
          }),
        ),
        actor: Type.Optional(id('Only what this user did.')),
        action: Type.Optional(oneOf(actions, 'Only this action.', 'ticket.assigned')),
        from: Type.Optional(moment('Only what happened then or later.')),
        until: Type.Optional(moment('Only what happened before; not before `from`.')),
      },
      ['created'],
    ),
    response: { 200: pageOf(AuditEvent) },
  },
} as const satisfies Endpoint
