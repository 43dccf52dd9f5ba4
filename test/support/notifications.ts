// What tests of mails about tickets need: people whose addresses are proved, and time that goes by between two mails.
import { assignRequest } from '../../contract/index.ts'
import type { TestDesk } from './desk.ts'
import type { TestUser } from './given.ts'

/** Gives a user an address that they have proved. */
export async function proved({ rows }: TestDesk, user: TestUser): Promise<TestUser & { email: string }> {
  const email = `${user.username}@proved.example`
  await rows('update users set email = $2, email_verified_at = now() where id = $1', [user.id, email])
  return { ...user, email }
}

/** A ticket of a customer with a login, in the hands of an operator; both can be mailed to. */
export async function conversation(desk: TestDesk, { subject = 'Winter', name = 'Arya' } = {}) {
  const { given, as, rows } = desk
  const customer = await proved(desk, await given.user())
  const operator = await proved(desk, await given.operator())
  await rows('update users set first_name = $2 where id in ($1, $3)', [customer.id, name, operator.id])
  const customer_id = await given.own(customer)
  const { id } = await given.request({ customer_id, subject, body: 'It is cold here' })
  await as(operator)(assignRequest, { params: { id: operator.id, request_id: id } })
  return { id, customer, operator, customer_id, asCustomer: as(customer), asOperator: as(operator) }
}

/** As if so much time had gone by that another mail may be sent, and what waits for that is due. */
export async function later({ rows }: TestDesk): Promise<void> {
  await rows(`update notices set mailed_at = mailed_at - interval '3 minutes'`)
  await rows('update graphile_worker._private_jobs set run_at = now()')
}
