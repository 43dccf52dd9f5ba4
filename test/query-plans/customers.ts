// Customers as they are read: one, lists of them, and their photos.
import { test } from 'vitest'
import { getCustomer, getCustomerPhoto, listCustomers } from '../../contract/index.ts'
import { photos } from '../../server/customers/index.ts'
import { sweepFiles } from '../../server/files/sweep.ts'
import { searchedWords } from '../support/many-rows.ts'
import { call, count, ctx, expectPlans, inQuery } from './desk.ts'

const { rare, frequent } = searchedWords

const pageOfCustomers = 51 + 20

export function customers() {
  test.each<[string, Record<string, string>, string[], number]>([
    ['all live', {}, ['customers_live_created'], pageOfCustomers + count],
    ['by first change', { sort: 'updated' }, ['customers_live_updated'], pageOfCustomers + count],
    [
      'archived too',
      { show_archived: 'true' },
      ['customers_live_created', 'customers_archived_created'],
      pageOfCustomers + count,
    ],
    [
      'archived too, by last change',
      { show_archived: 'true', sort: '-updated' },
      ['customers_live_updated', 'customers_archived_updated'],
      pageOfCustomers + count,
    ],
    ['in the middle', { cursor: 'long' }, ['customers_live_created'], pageOfCustomers],
    [
      'archived too, by first change, in the middle',
      { show_archived: 'true', sort: 'updated', cursor: 'long' },
      ['customers_live_updated', 'customers_archived_updated'],
      pageOfCustomers + 51,
    ],
    ['by phone', { phone: '+442010000777' }, ['customers_live_phone_key'], 20],
    [
      'by phone, archived too',
      { phone: '+442010000773', show_archived: 'true' },
      ['customers_live_phone_key', 'customers_archived_phone'],
      20,
    ],
    ['by e-mail address', { email: 'ED.STARKSON777@mail.example' }, ['customers_live_email_key'], 20],
    [
      'by e-mail address, archived too',
      { email: 'ed@mail.example', show_archived: 'true' },
      ['customers_live_email_key', 'customers_archived_email'],
      20,
    ],
    ['by external_id', { external_id: 'W-777' }, ['customers_live_external_id_key'], 20],
    [
      'by external_id, archived too',
      { external_id: 'W-773', show_archived: 'true' },
      ['customers_live_external_id_key', 'customers_archived_external_id'],
      20,
    ],
    // 1,400 share a first name, 250 a last name; each is looked at once for the count, and for an order that has no index.
    ['by first name', { first_name: 'ada' }, ['customers_live_first_name'], 1_500],
    [
      'by first name, by last change',
      { first_name: 'ada', sort: '-updated' },
      ['customers_live_first_name'],
      3_000,
    ],
    [
      'by first name, archived too, in the middle',
      { first_name: 'ada', show_archived: 'true', cursor: 'short' },
      ['customers_live_first_name', 'customers_archived_first_name'],
      pageOfCustomers + 100,
    ],
    ['by last name', { last_name: 'STARKSON' }, ['customers_live_last_name'], 600],
    [
      'by last name, archived too',
      { last_name: 'starkson', show_archived: 'true' },
      ['customers_live_last_name', 'customers_archived_last_name'],
      700,
    ],
    ['by both names', { first_name: 'Ada', last_name: 'Starkson' }, ['customers_live_last_name'], 700],
  ])('%s', async (_, query, indexes, pages) => {
    await expectPlans(
      () => call(listCustomers, { query: inQuery('/api/v1/customers', query) }),
      indexes,
      pages,
    )
  })

  test.each<[string, Record<string, string>, string[], number]>([
    ['a rare word', { q: rare }, ['customers_search', 'customers_pkey'], 1_000],
    [
      'a rare word, archived too',
      { q: rare, show_archived: 'true' },
      ['customers_search', 'customers_pkey'],
      2_000,
    ],
    ['a part of a phone number', { q: '077777' }, ['customers_search', 'customers_pkey'], 400],
    // 4,000; looking one up by its number takes PostgreSQL 15 five pages all told, and later ones two.
    ['one letter', { q: 'z' }, ['customers_search', 'customers_pkey'], 4_000 * 6],
    // One in four, and here the words are in the row itself.
    [
      'a frequent word',
      { q: frequent },
      ['customers_search', 'customers_live_created', 'customers_pkey'],
      10_000 * 6,
    ],
    [
      'a frequent word, in the middle',
      { q: frequent, cursor: 'long' },
      ['customers_live_created'],
      pageOfCustomers,
    ],
    [
      'a frequent word and a first name',
      { q: frequent, first_name: 'Ada' },
      ['customers_live_first_name'],
      3_000,
    ],
  ])('with %s', async (_, query, indexes, pages) => {
    await expectPlans(
      () => call(listCustomers, { query: inQuery('/api/v1/customers', query) }),
      indexes,
      pages,
    )
  })

  test('where there is nobody, little is looked at', async () => {
    await expectPlans(
      () => call(listCustomers, { query: { first_name: 'Zbigniew' } }),
      ['customers_live_first_name'],
      10,
    )
  })

  test('one is found by their number', async () => {
    await expectPlans(() => call(getCustomer, { params: { id: 77_777 } }), ['customers_pkey'], 10)
  })

  test('a photo is found by its customer, and the sweep finds what is in use by its key', async () => {
    await expectPlans(() => call(getCustomerPhoto, { params: { id: 77_777 } }), ['customers_pkey'], 10)
    const keys = Array.from({ length: 500 }, (_, n) => n.toString(16).padStart(32, '0'))
    for (const key of keys) await ctx.files.put(`${key}-large.webp`, Buffer.from('old'))
    const anHourLater = { ...ctx, clock: () => ctx.clock() + 3_700_000 }
    await expectPlans(() => sweepFiles(anHourLater, [photos.photoFiles]), ['customers_photo_key'], 500 * 4)
  })
}
