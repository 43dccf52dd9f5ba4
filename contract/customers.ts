// Customers: the people and companies that the shop serves (brief 000).
import { Type, type Static } from 'typebox'
import { HistoryPage, historyQuery } from './audit.ts'
import type { Endpoint } from './endpoint.ts'
import {
  archivedAt,
  changes,
  email,
  id,
  listQuery,
  nothing,
  nullable,
  object,
  pageOf,
  recordFields,
  showArchived,
  soughtText,
  text,
} from './schema.ts'

const tags = ['Customers'] as const

const fields = {
  first_name: text(100, 'Given name.', 'Ed'),
  last_name: text(100, 'Family name.', 'Stark'),
  phone: nullable(
    text(
      40,
      'Phone number with its country code, answered in E.164; unique among live customers.',
      '+442083661171',
    ),
  ),
  email: nullable(email('E-mail address; unique among live customers, whatever its case.')),
  company: nullable(text(200, 'The company they speak for.', 'Winterfell Ltd')),
}

export const Customer = object(
  { ...fields, id: id('Number of the customer.'), ...recordFields, archived_at: archivedAt },
  { $id: 'Customer', description: 'A person or company that the shop serves.' },
)
export type Customer = Static<typeof Customer>

const NewCustomer = object(
  {
    first_name: fields.first_name,
    last_name: fields.last_name,
    phone: Type.Optional(fields.phone),
    email: Type.Optional(fields.email),
    company: Type.Optional(fields.company),
  },
  { $id: 'NewCustomer', description: 'What is known of a new customer.' },
)

const CustomerChanges = changes(fields, {
  $id: 'CustomerChanges',
  description: 'The fields to change; null empties one.',
})

export const customerParams = object({ id: id('Number of the customer.') })

const taken =
  'Another live customer has this phone or e-mail address (`conflicts_with` names it), or the customer is archived.'

export const createCustomer = {
  method: 'POST',
  url: '/api/v1/customers',
  config: {
    access: 'operator',
    conflict: 'Another live customer has this phone or e-mail address; `conflicts_with` names it.',
  },
  schema: {
    operationId: 'createCustomer',
    summary: 'Create a customer',
    description:
      'The phone number is checked and stored in E.164. Phone and e-mail address are unique among live customers.',
    tags,
    body: NewCustomer,
    response: { 201: Customer },
  },
} as const satisfies Endpoint

export const listCustomers = {
  method: 'GET',
  url: '/api/v1/customers',
  config: { access: 'operator' },
  schema: {
    operationId: 'listCustomers',
    summary: 'List customers',
    description: 'Newest first. Filters combine; archived customers are hidden unless asked for.',
    tags,
    querystring: listQuery(
      {
        first_name: Type.Optional(text(100, 'Given name, whole, in any case.', 'Ed')),
        last_name: Type.Optional(text(100, 'Family name, whole, in any case.', 'Stark')),
        phone: Type.Optional(
          text(40, 'Phone number, in any spelling with its country code.', '+44 20 8366 1171'),
        ),
        email: Type.Optional(text(254, 'E-mail address, whole, in any case.', 'ed@winterfell.example')),
        q: Type.Optional(
          soughtText(
            'Part of a name, company, e-mail address or phone; one or two letters match how a word begins.',
            'star',
          ),
        ),
        show_archived: showArchived,
      },
      ['created', 'updated'],
    ),
    response: { 200: pageOf(Customer) },
  },
} as const satisfies Endpoint

export const getCustomer = {
  method: 'GET',
  url: '/api/v1/customers/:id',
  config: { access: 'operator' },
  schema: {
    operationId: 'getCustomer',
    summary: 'Read a customer',
    description: 'Archived customers are readable too; `archived_at` tells.',
    tags,
    params: customerParams,
    response: { 200: Customer },
  },
} as const satisfies Endpoint

export const listCustomerHistory = {
  method: 'GET',
  url: '/api/v1/customers/:id/history',
  config: { access: 'operator' },
  schema: {
    operationId: 'listCustomerHistory',
    summary: "Read a customer's history",
    description:
      'What was done to the customer, by whom and when, newest first. Archived customers have theirs too.',
    tags,
    params: customerParams,
    querystring: historyQuery,
    response: { 200: HistoryPage },
  },
} as const satisfies Endpoint

export const updateCustomer = {
  method: 'PATCH',
  url: '/api/v1/customers/:id',
  config: { access: 'operator', changes: 'customer', conflict: taken },
  schema: {
    operationId: 'updateCustomer',
    summary: 'Change a customer',
    description:
      'Only the fields given change; null empties phone, email or company. An archived customer is restored first.',
    tags,
    params: customerParams,
    body: CustomerChanges,
    response: { 200: Customer },
  },
} as const satisfies Endpoint

export const archiveCustomer = {
  method: 'DELETE',
  url: '/api/v1/customers/:id',
  config: { access: 'operator', changes: 'customer' },
  schema: {
    operationId: 'archiveCustomer',
    summary: 'Archive a customer',
    description:
      'The customer and all their live requests are archived together; restoring brings back exactly those. Nothing is erased. Repeating it changes nothing.',
    tags,
    params: customerParams,
    response: { 204: nothing },
  },
} as const satisfies Endpoint

export const restoreCustomer = {
  method: 'POST',
  url: '/api/v1/customers/:id/restore',
  config: {
    access: 'operator',
    changes: 'customer',
    conflict: 'A live customer has taken the phone or e-mail address since; `conflicts_with` names it.',
  },
  schema: {
    operationId: 'restoreCustomer',
    summary: 'Restore an archived customer',
    description:
      'Brings back the customer and the requests that were archived with them. A live customer is answered as it is.',
    tags,
    params: customerParams,
    response: { 200: Customer },
  },
} as const satisfies Endpoint
