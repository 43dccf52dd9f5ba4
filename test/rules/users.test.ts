import { expect, test } from 'vitest'
import { type User, userStatuses } from '../../contract/index.ts'
import { lacking, type UserAction, userMay, userStatesFor } from '../../server/users/user-rules.ts'

const user = (status: User['status'], facts: Partial<User> = {}) => ({
  status,
  username: 'jon',
  email: 'jon@winterfell.example',
  ...facts,
})

test.each<[UserAction, readonly User['status'][]]>([
  ['update', ['active', 'invited', 'no_login', 'disabled']],
  ['disable', ['active', 'invited', 'no_login']],
  ['enable', ['disabled']],
  ['invite', ['invited', 'no_login']],
])('%s: of users who are %j, and no others', (action, states) => {
  expect([...userStatesFor(action)].sort()).toEqual([...states].sort())
  for (const status of userStatuses)
    expect(userMay(action, user(status)), status).toBe(states.includes(status))
})

test('whoever is invited has a name to sign in with, and an address for the mail', () => {
  for (const [missing, what] of [
    [{ username: null }, 'a username'],
    [{ email: null }, 'an e-mail address'],
    [{ username: null, email: null }, 'a username'],
  ] as const) {
    const lackingUser = user('no_login', missing)
    expect(lacking(lackingUser)).toBe(what)
    expect(userMay('invite', lackingUser)).toBe(false)
    expect(userMay('update', lackingUser)).toBe(true)
  }
  expect(lacking(user('invited'))).toBeUndefined()
})
