// Operators: users with the role operator or admin, seen as the colleagues that work is given to.
import type { Body, createOperator, Operator } from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import { auditing } from '../db/audit.ts'
import { violatedKey } from '../db/database.ts'
import type { Page, PageQuery } from '../db/list.ts'
import { attempt } from '../db/transaction.ts'
import { conflict, notFound } from '../errors.ts'
import * as repository from './operator-repository.ts'

/** Makes a colleague without a login. */
export async function create(
  ctx: Context,
  actor: Actor,
  body: Body<typeof createOperator>,
): Promise<Operator> {
  const operator = {
    first_name: body.first_name.trim(),
    last_name: body.last_name.trim(),
    email: body.email ?? null,
  }
  try {
    return await attempt(ctx, async (ctx) => {
      const [created] = await repository.insertOperator.all(ctx.db, { ...operator, ...auditing(actor) })
      return created as Operator
    })
  } catch (error) {
    if (violatedKey(error) !== 'users_email_key' || !operator.email) throw error
    const holder = await repository.findOperatorByEmail.first(ctx.db, { email: operator.email })
    throw conflict(
      'email_taken',
      `Another user has the e-mail address ${operator.email}.`,
      holder && `/api/v1/operators/${holder.id}`,
    )
  }
}

/** Answers a disabled operator too. */
export async function get(ctx: Context, id: number): Promise<Operator> {
  const operator = await repository.findOperator.first(ctx.db, { id })
  if (!operator) throw notFound(`There is no operator ${id}.`)
  return operator
}

/** The active ones. */
export async function list(ctx: Context, page: PageQuery): Promise<Page<Operator>> {
  return repository.pageOfOperators(ctx.db, { active: true }, page)
}
