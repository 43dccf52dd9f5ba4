// What may happen to a user in which state. The table is the rule: statements, services and links ask it. That one admin always
// stays is judged where it happens, since that is about all the others.
import { type User, type UserStatus, userStatuses } from '../../contract/index.ts'

const states = {
  update: userStatuses,
  disable: ['active', 'invited', 'no_login'],
  enable: ['disabled'],
  invite: ['invited', 'no_login'],
} as const satisfies Record<string, readonly UserStatus[]>

export type UserAction = keyof typeof states

/** The states from which it may happen. */
export function userStatesFor(action: UserAction): readonly UserStatus[] {
  return states[action]
}

type Invitable = Pick<User, 'status' | 'username' | 'email'>

export function userMay(action: UserAction, user: Invitable): boolean {
  return userStatesFor(action).includes(user.status) && (action !== 'invite' || lacking(user) === undefined)
}

/** What a user must have to be invited, and has not. */
export function lacking({ username, email }: Invitable): string | undefined {
  if (username === null) return 'a username'
  return email === null ? 'an e-mail address' : undefined
}
