// Users and operators.
import { test } from 'vitest'
import { getCustomer, listOperators, listUsers } from '../../contract/index.ts'
import { searchedWords } from '../support/many-rows.ts'
import { admin, call, count, expectPlans } from './desk.ts'

const { rare } = searchedWords

/** Rows of users lie 70 to a page; whether one is a person is in no index. */
const pageOfUsers = 51 + 20
const countOfUsers = 11_000 / 70 + count

export function users() {
  test('operators are found among many users', async () => {
    await expectPlans(() => call(listOperators, {}), ['users_active_operators'], 120)
  })

  test.each<[string, Record<string, string>, string[], number]>([
    ['all', {}, ['users_created'], pageOfUsers + countOfUsers],
    ['all by last change', { sort: '-updated' }, ['users_updated'], pageOfUsers + countOfUsers],
    ['customers', { role: 'customer' }, ['users_role_created'], pageOfUsers + countOfUsers],
    [
      'operators by first change',
      { role: 'operator', sort: 'updated' },
      ['users_role_updated'],
      pageOfUsers + 60,
    ],
    ['the disabled', { status: 'disabled' }, ['users_status_created'], pageOfUsers + 1_100],
    [
      'the active by last change',
      { status: 'active', sort: '-updated' },
      ['users_status_updated'],
      pageOfUsers + countOfUsers,
    ],
    ['by username', { username: 'ACCOUNT-777' }, ['users_username_key'], 20],
    ['by e-mail address', { email: 'Account-777@mail.example' }, ['users_email_key'], 20],
    ['a rare word', { q: rare }, ['users_search', 'users_pkey'], 150],
  ])('%s', async (_, query, indexes, pages) => {
    await admin(getCustomer, { params: { id: 1 } }) // whose token it is, is remembered from now on
    await expectPlans(() => admin(listUsers, { query }), indexes, pages)
  })
}
