// Pure rules of customers: what may happen to one in which state, and how their fields are written.
import parsePhoneNumber from 'libphonenumber-js/max'
import { linkTo, restoreCustomer } from '../../contract/index.ts'
import { type AppError, conflict, invalid, type InvalidPart } from '../errors.ts'

export type CustomerState = 'LIVE' | 'ARCHIVED'

const states = {
  update: ['LIVE'],
  log_request: ['LIVE'],
  set_photo: ['LIVE'],
  remove_photo: ['LIVE'],
  archive: ['LIVE'],
  restore: ['ARCHIVED'],
} as const satisfies Record<string, readonly CustomerState[]>

export type CustomerAction = keyof typeof states

/** The states from which it may happen. */
export function customerStatesFor(action: CustomerAction): readonly CustomerState[] {
  return states[action]
}

export function customerMay(
  action: CustomerAction,
  { archived_at }: { readonly archived_at: string | null },
): boolean {
  return customerStatesFor(action).includes(archived_at === null ? 'LIVE' : 'ARCHIVED')
}

/** Why a customer who is archived cannot be changed, and nothing be logged for them. */
export function customerArchived({
  id,
  archived_at,
}: {
  readonly id: number
  readonly archived_at: string | null
}): AppError {
  const { method, href } = linkTo({ to: restoreCustomer, params: { id } })
  return conflict(
    'customer_archived',
    `Customer ${id} was archived on ${archived_at}; restore it first (${method} ${href}).`,
  )
}

/** `+44 20 8366 1171` to `+442083661171` (E.164); undefined for what is no such number, or more than one. */
function toE164(typed: string): string | undefined {
  const phone = parsePhoneNumber(typed.trim(), { extract: false })
  return phone?.isValid() && phone.ext === undefined ? phone.number : undefined
}

/** The fields as they are kept: without white space around them, the phone in E.164. Throws a 422 for what is no phone number. */
export function tidy<Fields extends object>(fields: Fields, part: InvalidPart['in'] = 'body'): Fields {
  const tidied = Object.entries(fields).map(([name, value]) => {
    if (typeof value !== 'string') return [name, value]
    return [name, name === 'phone' ? e164OrRefuse(value, part) : value.trim()]
  })
  return Object.fromEntries(tidied)
}

function e164OrRefuse(typed: string, part: InvalidPart['in']): string {
  const phone = toE164(typed)
  if (phone) return phone
  throw invalid([
    {
      in: part,
      pointer: '/phone',
      detail: 'must be a phone number with its country code, such as +442083661171',
    },
  ])
}
