import { expect, test } from 'vitest'
import { type LinkableRecord, linkingOf } from '../../server/customers/linking-rules.ts'

const provisional = { id: 1, own: true, state: 'LIVE', email: null } as const
const complete = { ...provisional, email: 'ed@winterfell.example' }
const archived = { ...provisional, state: 'ARCHIVED' } as const
const archivedComplete = { ...complete, state: 'ARCHIVED' } as const
const known = { id: 2, own: false, state: 'LIVE', email: 'ed@winterfell.example' } as const
const nothing = { do: 'nothing' }

test.each<[string, LinkableRecord[], object]>([
  ['nobody is known', [], nothing],
  ['of theirs there is one without an address', [provisional], { do: 'give_address', id: 1 }],
  ['of theirs there is one with an address', [complete], nothing],
  ['theirs is archived', [archived], nothing],
  ['theirs is archived, with an address', [archivedComplete], nothing],
  ['the shop knows them', [known], { do: 'link', id: 2, instead: undefined }],
  ['the shop knows them, and theirs has no address', [provisional, known], { do: 'link', id: 2, instead: 1 }],
  ['the same in the other order', [known, provisional], { do: 'link', id: 2, instead: 1 }],
  ['the shop knows them, and theirs is archived', [archived, known], { do: 'link', id: 2, instead: 1 }],
  ['the same, with an address', [archivedComplete, known], { do: 'link', id: 2, instead: 1 }],
  ['the shop knows them twice', [complete, known], nothing],
])('when an address is proved and %s', (_, records, linking) => {
  expect(linkingOf(records)).toEqual(linking)
})
