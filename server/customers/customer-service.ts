// Customers: the people and companies that the shop serves. Not their tickets, but for archiving, which takes both.
import {
  type Body,
  type createCustomer,
  Customer,
  type HistoryEntry,
  type listCustomers,
  type Query,
  type updateCustomer,
} from '../../contract/index.ts'
import { audit } from '../audit/index.ts'
import type { Actor, Context } from '../context.ts'
import { auditing } from '../db/audit.ts'
import { violatedKey } from '../db/database.ts'
import type { Page, PageQuery } from '../db/list.ts'
import { searchPattern } from '../db/search.ts'
import { attempt, inTransaction } from '../db/transaction.ts'
import { type AppError, changedMeanwhile, conflict, notFound } from '../errors.ts'
import * as repository from './customer-repository.ts'
import { customerArchived, customerMay, customerStatesFor, tidy } from './customer-rules.ts'

const noPhoto = { photo_key: null, photo_large_hash: null, photo_small_hash: null }

/** `photo`: one whose files are there already. */
export async function create(
  ctx: Context,
  actor: Actor,
  body: Body<typeof createCustomer>,
  photo: repository.PhotoColumns = noPhoto,
): Promise<Customer> {
  const customer = { phone: null, email: null, company: null, external_id: null, ...tidy(body) }
  return keepingKeys(ctx, null, customer, async (ctx) => {
    const values = { ...customer, ...photo, ...auditing(actor) }
    const [created] = await repository.insertCustomer.all(ctx.db, values)
    return created as Customer
  })
}

/** Answers an archived customer too. */
export async function get(ctx: Context, id: number): Promise<Customer> {
  const customer = await repository.findCustomer.first(ctx.db, { id })
  if (!customer) throw absent(id)
  return customer
}

export async function list(
  ctx: Context,
  query: Query<typeof listCustomers>,
  page: PageQuery,
): Promise<Page<Customer>> {
  const { first_name, last_name, phone, email, external_id } = tidy(query, 'query')
  const q = query.q === undefined ? undefined : searchPattern(query.q)
  const live = query.show_archived ? undefined : true
  return repository.pageOfCustomers(
    ctx.db,
    { first_name, last_name, phone, email, external_id, q, live },
    page,
  )
}

/** Who did it is said of each entry; of a photo only that there is another one or none. */
const historyFields = Object.keys(Customer.properties).filter(
  (field) => !['created_by', 'updated_by', 'photo_url'].includes(field),
)

/** What was done to the customer, archived or not. */
export async function history(ctx: Context, id: number, page: PageQuery): Promise<Page<HistoryEntry>> {
  const entries = await audit.historyOf(ctx, { type: 'customer', id }, page, {
    fields: historyFields,
  })
  if (entries.count === 0) await get(ctx, id)
  return entries
}

export async function update(
  ctx: Context,
  actor: Actor,
  id: number,
  body: Body<typeof updateCustomer>,
): Promise<Customer> {
  const changes = tidy(body)
  return keepingKeys(ctx, id, changes, async (ctx) => {
    const changed = await repository.updateCustomer.first(ctx.db, {
      id,
      changes: JSON.stringify(changes),
      from: customerStatesFor('update'),
      ...auditing(actor),
    })
    if (changed) return changed
    const customer = await get(ctx, id)
    if (customerMay('update', customer)) throw changedMeanwhile(`Customer ${id}`)
    throw customerArchived(customer)
  })
}

/** Archives the customer together with their live requests. Repeating it changes nothing. */
export async function archive(ctx: Context, actor: Actor, id: number): Promise<void> {
  await holding(ctx, id, (ctx) =>
    repository.archiveCustomer.all(ctx.db, { id, from: customerStatesFor('archive'), ...auditing(actor) }),
  )
}

/** Brings back the customer and exactly the requests that went with them. */
export async function restore(ctx: Context, actor: Actor, id: number): Promise<Customer> {
  const archived = await get(ctx, id)
  return keepingKeys(ctx, id, archived, (ctx) =>
    holding(ctx, id, async (ctx) => {
      const restored = await repository.restoreCustomer.first(ctx.db, {
        id,
        from: customerStatesFor('restore'),
        ...auditing(actor),
      })
      return restored ?? get(ctx, id)
    }),
  )
}

/** Runs a statement about the customer and their tickets, with nobody at either but us. */
function holding<T>(ctx: Context, id: number, work: (ctx: Context) => Promise<T>): Promise<T> {
  return inTransaction(ctx, async (ctx) => {
    if (!(await repository.lockCustomer.first(ctx.db, { id }))) throw absent(id)
    return work(ctx)
  })
}

const absent = (id: number): AppError => notFound(`There is no customer ${id}.`)

type Keys = { readonly [Field in 'phone' | 'email' | 'external_id']?: string | null | undefined }

/** The unique keys of live customers, by the index that keeps each. */
const uniqueKeys: Readonly<Record<string, { field: keyof Keys; called: string }>> = {
  customers_live_phone_key: { field: 'phone', called: 'phone' },
  customers_live_email_key: { field: 'email', called: 'e-mail address' },
  customers_live_external_id_key: { field: 'external_id', called: 'external_id' },
}

/** Runs a write, and where a unique key of live customers stops it, says which, and whose it is. */
async function keepingKeys<T>(
  ctx: Context,
  id: number | null,
  keys: Keys,
  write: (ctx: Context) => Promise<T>,
): Promise<T> {
  try {
    return await attempt(ctx, write)
  } catch (error) {
    const key = uniqueKeys[violatedKey(error) ?? '']
    if (!key) throw error
    const { field, called } = key
    const taken = { phone: null, email: null, external_id: null, [field]: keys[field] ?? null }
    const holder = await repository.findKeyHolder.first(ctx.db, { ...taken, except: id })
    throw conflict(
      `${field}_taken`,
      `Another live customer has the ${called} ${keys[field]}.`,
      holder && `/api/v1/customers/${holder.id}`,
    )
  }
}
