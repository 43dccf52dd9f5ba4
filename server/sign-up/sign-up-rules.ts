// Who may sign up, and as what. Pure.
import { type Body, createUser, type signUp } from '../../contract/index.ts'
import type { Actor } from '../context.ts'
import { refusalOf } from '../policy.ts'

type Given = Body<typeof signUp>

/** Only what says so: to JavaScript the brief's "False" would be true. */
export function isForColleague({ is_customer_service: said }: Pick<Given, 'is_customer_service'>): boolean {
  return said === true || said === 'True'
}

/** Whoever may make users may make them so, too. */
export function mayMakeUsers(actor: Actor | undefined): boolean {
  return actor !== undefined && refusalOf(actor, createUser.config) === undefined
}

/** Without white space around it; nothing where nothing would be seen (U+0085 is white space to PostgreSQL, though not to JavaScript). */
export function tidyName(name = ''): string {
  return name.replace(/^[\s\u0085]+|[\s\u0085]+$/g, '')
}
