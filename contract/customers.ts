// Customers: the people and companies that the shop serves (brief 000).
import { Type, type Static } from 'typebox'
import { HistoryPage, historyQuery } from './audit.ts'
import type { Endpoint, Upload } from './endpoint.ts'
import {
  archivedAt,
  changes,
  email,
  id,
  listQuery,
  nothing,
  nullable,
  object,
  oneOf,
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
  external_id: nullable(
    text(100, 'Your own number for the customer, as it stands; unique among live customers.', 'W-1047'),
  ),
}

const photoUrl = nullable({
  ...Type.String({
    description:
      'Where their photo is, relative to this server; another one with every other photo. Null without one.',
  }),
  examples: ['/api/v1/customers/1/photo?v=5f70bf18a086007016e948b04aed3b82'],
})

/** The sizes in which a photo is kept. */
export const photoSizes = ['large', 'small'] as const

export const Customer = object(
  {
    ...fields,
    photo_url: photoUrl,
    id: id('Number of the customer.'),
    ...recordFields,
    created_by: nullable(id('The user who made it; null where that was nobody with an account.')),
    updated_by: nullable(id('The user who changed it last; null where that was nobody with an account.')),
    user_id: nullable(id('Their login; null where they have none.')),
    archived_at: archivedAt,
  },
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
    external_id: Type.Optional(fields.external_id),
  },
  { $id: 'NewCustomer', description: 'What is known of a new customer.' },
)

const CustomerChanges = changes(fields, {
  $id: 'CustomerChanges',
  description: 'The fields to change; null empties one.',
})

export const customerParams = object({ id: id('Number of the customer.') })

const taken =
  'Another live customer has this phone, e-mail address or external_id (`conflicts_with` names it), or the customer is archived.'

const photo: Upload = {
  field: 'photo',
  types: ['image/jpeg', 'image/png', 'image/webp'],
  maxBytes: 5 * 1024 * 1024,
  maxFiles: 1,
  description: 'A JPEG, PNG or WebP picture of at most 5 MiB and 25 megapixels, not animated.',
}

export const createCustomer = {
  method: 'POST',
  url: '/api/v1/customers',
  config: {
    access: 'operator',
    scope: 'customers:write',
    conflict:
      'Another live customer has this phone, e-mail address or external_id; `conflicts_with` names it.',
    upload: photo,
  },
  schema: {
    operationId: 'createCustomer',
    summary: 'Create a customer',
    description:
      'The phone number is checked and stored in E.164. Phone, e-mail address and external_id are unique among live customers. As multipart/form-data the same fields are text, an empty one is null, and a part named photo brings the photo along.',
    tags,
    body: NewCustomer,
    response: { 201: Customer },
  },
} as const satisfies Endpoint

export const listCustomers = {
  method: 'GET',
  url: '/api/v1/customers',
  config: { access: 'operator', scope: 'customers:read' },
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
        external_id: Type.Optional(text(100, 'Your own number for the customer, as it stands.', 'W-1047')),
        q: Type.Optional(
          soughtText(
            'Part of a name, company, e-mail address, phone or external_id; one or two letters match how a word begins.',
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
  config: { access: 'operator', scope: 'customers:read' },
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
  config: { access: 'operator', scope: 'customers:read' },
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
  config: { access: 'operator', scope: 'customers:write', changes: 'customer', conflict: taken },
  schema: {
    operationId: 'updateCustomer',
    summary: 'Change a customer',
    description:
      'Only the fields given change; null empties phone, email, company or external_id. An archived customer is restored first.',
    tags,
    params: customerParams,
    body: CustomerChanges,
    response: { 200: Customer },
  },
} as const satisfies Endpoint

export const archiveCustomer = {
  method: 'DELETE',
  url: '/api/v1/customers/:id',
  config: { access: 'operator', scope: 'customers:write', changes: 'customer' },
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
    scope: 'customers:write',
    changes: 'customer',
    conflict:
      'A live customer has taken the phone, e-mail address or external_id since; `conflicts_with` names it.',
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

const archived = 'The customer is archived.'

export const getCustomerPhoto = {
  method: 'GET',
  url: '/api/v1/customers/:id/photo',
  config: { access: 'operator', scope: 'customers:read', produces: 'image/webp', tagged: true },
  schema: {
    operationId: 'getCustomerPhoto',
    summary: "Read a customer's photo",
    description:
      'Our own encoding, without metadata. Asked for as `photo_url` says it may be kept for a year, by nobody but the browser that asked. 404 without a photo.',
    tags,
    params: customerParams,
    querystring: object({
      size: Type.Optional(
        oneOf(
          photoSizes,
          'At most 128 or 1024 pixels wide and high; never enlarged. large without it.',
          'small',
        ),
      ),
      v: Type.Optional(
        Type.String({
          maxLength: 64,
          pattern: '^[0-9a-f]*$',
          description:
            'Which photo is meant, as `photo_url` has it. The current one is answered in any case.',
          examples: ['5f70bf18a086007016e948b04aed3b82'],
        }),
      ),
    }),
    response: {
      200: Type.Unsafe<Uint8Array>({
        type: 'string',
        format: 'binary',
        description: 'The photo.',
        examples: ['RIFF…WEBP…'],
      }),
    },
  },
} as const satisfies Endpoint

export const setCustomerPhoto = {
  method: 'PUT',
  url: '/api/v1/customers/:id/photo',
  config: {
    access: 'operator',
    scope: 'customers:write',
    changes: 'customer',
    conflict: archived,
    upload: photo,
  },
  schema: {
    operationId: 'setCustomerPhoto',
    summary: "Set a customer's photo",
    description:
      'The picture itself, or multipart/form-data with a part named photo. It is read, turned upright and written anew, and takes the place of the one before at once. An archived customer is restored first.',
    tags,
    params: customerParams,
    response: { 200: Customer },
  },
} as const satisfies Endpoint

export const removeCustomerPhoto = {
  method: 'DELETE',
  url: '/api/v1/customers/:id/photo',
  config: { access: 'operator', scope: 'customers:write', changes: 'customer', conflict: archived },
  schema: {
    operationId: 'removeCustomerPhoto',
    summary: "Remove a customer's photo",
    description: 'The photo is erased. Without one nothing changes.',
    tags,
    params: customerParams,
    response: { 204: nothing },
  },
} as const satisfies Endpoint
