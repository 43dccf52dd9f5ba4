// Search: one question to tickets, posts and customers at once, the best answers first.
import { Type, type Static } from 'typebox'
import type { Endpoint } from './endpoint.ts'
import { archivedAt, id, nullable, object, oneOf, soughtText, timestamp } from './schema.ts'

const tags = ['Search'] as const

/** What can be found. A ticket is found by its subject and its ask, a post by what answers that. */
export const searchTypes = ['ticket', 'post', 'customer'] as const
export type SearchType = (typeof searchTypes)[number]

const SearchPart = object(
  {
    text: Type.String({ description: 'As it was written: text, no markup.', examples: ['winter'] }),
    match: Type.Boolean({ description: 'True where it is what was sought.', examples: [true] }),
  },
  { $id: 'SearchPart', description: 'A piece of what was found.' },
)

const SearchResult = object(
  {
    type: oneOf(searchTypes, 'What was found.', 'ticket'),
    id: id('Its number.'),
    href: Type.String({ description: 'Where it is read.', examples: ['/api/v1/tickets/1'] }),
    ticket_id: nullable(id('The ticket that it is, or whose thread it stands in; null for a customer.')),
    customer_id: id('The customer who it is, or whose ticket it is.'),
    title: Type.String({
      description: 'The subject of the ticket, or the name of the customer.',
      examples: ['Winter is coming'],
    }),
    highlight: Type.Array(SearchPart, {
      description: 'A passage of it, in pieces, those that were sought marked. Joined, they are the passage.',
    }),
    internal: Type.Boolean({
      description: 'True for a note, which only the staff can find.',
      examples: [false],
    }),
    created_at: timestamp('When it was made.'),
    archived_at: {
      ...archivedAt,
      description: 'When it, or its ticket, was archived; null while it is live.',
    },
  },
  {
    $id: 'SearchResult',
    description: 'One record that holds what was sought, or the ticket of that number.',
  },
)
export type SearchResult = Static<typeof SearchResult>

const SearchResults = object(
  {
    count: Type.Integer({
      minimum: 0,
      maximum: 10_000,
      description: 'How many records were found, counted up to 10,000.',
      examples: [1],
    }),
    count_capped: Type.Optional(
      Type.Boolean({ description: 'True when there may be more than `count` says; absent otherwise.' }),
    ),
    results: Type.Array(SearchResult, { description: 'The best of them, the best first.' }),
  },
  { $id: 'SearchResults', description: 'What was found.' },
)
export type SearchResults = Static<typeof SearchResults>

export const search = {
  method: 'GET',
  url: '/api/v1/search',
  config: { access: 'customer', scope: 'tickets:read' },
  schema: {
    operationId: 'search',
    summary: 'Search tickets, posts and customers',
    description:
      'What holds every word that is sought: as it stands, by its stem in English, German or Spanish, or as the beginning of a word; and the ticket whose number it is, with or without a #. Ranked: that ticket first; a word in a subject or a name before one in a text, a whole word before its stem; then the newest. Customers find what they can read of tickets; the staff finds notes and customers, too. A client finds customers with the scope customers:read.',
    tags,
    querystring: object({
      q: soughtText('What is sought; the first ten words count.', 'winter'),
      type: Type.Optional(oneOf(searchTypes, 'Only records of this type.', 'ticket')),
      limit: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 50,
          default: 20,
          description: 'How many results. There are no further pages: another word finds better.',
          examples: [20],
        }),
      ),
    }),
    response: { 200: SearchResults },
  },
} as const satisfies Endpoint
