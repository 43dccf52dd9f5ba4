// Operators: users that work is given to (brief 000).
import { Type, type Static } from 'typebox'
import type { Endpoint } from './endpoint.ts'
import { email, id, listQuery, nullable, object, pageOf, recordFields, text, timestamp } from './schema.ts'

const tags = ['Operators'] as const

const fields = {
  first_name: text(100, 'Given name.', 'Jennie'),
  last_name: text(100, 'Family name.', 'Lanister'),
}

export const Operator = object(
  {
    // Who signed up may have left one of them empty.
    first_name: Type.String({ description: 'Given name.', examples: ['Jennie'] }),
    last_name: Type.String({ description: 'Family name.', examples: ['Lanister'] }),
    id: id('Number of the operator; the same as their user.'),
    email: nullable(
      email('E-mail address; unique among users, whatever its case.', 'jennie@winterfell.example'),
    ),
    ...recordFields,
    disabled_at: nullable({
      ...timestamp('Since when they get no work and cannot sign in; null while active.'),
      examples: [null],
    }),
  },
  {
    $id: 'Operator',
    description: 'A colleague that requests are given to: a user with the role operator or admin.',
  },
)
export type Operator = Static<typeof Operator>

export const createOperator = {
  method: 'POST',
  url: '/api/v1/operators',
  config: {
    access: 'admin',
    scope: 'users:write',
    conflict: 'Another user has this e-mail address; `conflicts_with` names the operator.',
  },
  schema: {
    operationId: 'createOperator',
    summary: 'Create an operator',
    description: 'The new colleague can be given requests at once, and has no login.',
    tags,
    body: object(
      {
        ...fields,
        email: Type.Optional(
          nullable(email('E-mail address; unique among users.', 'jennie@winterfell.example')),
        ),
      },
      { $id: 'NewOperator', description: 'A colleague without a login yet.' },
    ),
    response: { 201: Operator },
  },
} as const satisfies Endpoint

export const listOperators = {
  method: 'GET',
  url: '/api/v1/operators',
  config: { access: 'operator', scope: 'users:read' },
  schema: {
    operationId: 'listOperators',
    summary: 'List operators',
    description: 'The active colleagues that requests can be given to, newest first.',
    tags,
    querystring: listQuery({}, ['created']),
    response: { 200: pageOf(Operator) },
  },
} as const satisfies Endpoint

export const getOperator = {
  method: 'GET',
  url: '/api/v1/operators/:id',
  config: { access: 'operator', scope: 'users:read' },
  schema: {
    operationId: 'getOperator',
    summary: 'Read an operator',
    description: 'Disabled colleagues are readable too; `disabled_at` tells.',
    tags,
    params: object({ id: id('Number of the operator.') }),
    response: { 200: Operator },
  },
} as const satisfies Endpoint
