// Clients: which programs there are, and what each may at most do. Whom they act for is granted by users (grant-service.ts).
import { randomUUID } from 'node:crypto'
import type { Body, Client, createClient, updateClient } from '../../contract/index.ts'
import type { Actor, Context } from '../context.ts'
import { hashSecret, newSecret } from '../credentials/secrets.ts'
import { auditing } from '../db/audit.ts'
import type { Page, PageQuery } from '../db/list.ts'
import { changedMeanwhile, conflict, invalid, notFound } from '../errors.ts'
import * as repository from './client-repository.ts'
import { faultsOfClient, isBuiltIn } from './client-rules.ts'

/** Answers the secret, which nothing shows again. */
export async function create(
  ctx: Context,
  actor: Actor,
  { confidential = true, first_party = false, ...body }: Body<typeof createClient>,
): Promise<Client> {
  const client = { ...body, first_party, name: body.name.trim() }
  refuseFaults({ ...client, confidential })
  const secret = confidential ? newSecret('client') : undefined
  const [created] = await repository.insertClient.all(ctx.db, {
    ...client,
    client_id: randomUUID(),
    secret_hash: secret === undefined ? null : hashSecret(secret),
    ...auditing(actor),
  })
  return withSecret(created as Client, secret)
}

export async function get(ctx: Context, id: number): Promise<Client> {
  const client = await repository.findClient.first(ctx.db, { id })
  if (!client) throw absent(id)
  return client
}

export function list(ctx: Context, page: PageQuery): Promise<Page<Client>> {
  return repository.pageOfClients(ctx.db, { registered: true }, page)
}

/** Fields depend on each other, so what they were is looked at first, and must still be so when they change. */
export async function update(
  ctx: Context,
  actor: Actor,
  id: number,
  body: Body<typeof updateClient>,
): Promise<Client> {
  const known = await changeable(ctx, id)
  const client = { ...known, ...body, name: (body.name ?? known.name).trim() }
  refuseFaults(client)
  const updated = await repository.updateClient.first(ctx.db, { ...client, id, ...auditing(actor) })
  if (!updated) throw changedMeanwhile(`Client ${(await get(ctx, id)).id}`)
  return updated
}

/** Answers the new secret, which nothing shows again. */
export async function rotateSecret(ctx: Context, actor: Actor, id: number): Promise<Client> {
  const secret = newSecret('client')
  const rotated = await repository.replaceSecret.first(ctx.db, {
    id,
    secret_hash: hashSecret(secret),
    ...auditing(actor),
  })
  if (rotated) return withSecret(rotated, secret)
  await get(ctx, id)
  throw conflict('client_public', `Client ${id} is public: it has no secret.`)
}

async function remove(ctx: Context, actor: Actor, id: number): Promise<void> {
  await changeable(ctx, id)
  const deleted = await repository.deleteClient.first(ctx.db, { id, ...auditing(actor) })
  if (!deleted) throw absent(id)
}
export { remove as delete }

/** Throws a 409 for a client that comes with the house. */
async function changeable(ctx: Context, id: number): Promise<Client> {
  const client = await get(ctx, id)
  if (isBuiltIn(client))
    throw conflict('client_built_in', `Client ${id} comes with Frontdesk: it cannot be changed or deleted.`)
  return client
}

function refuseFaults(client: Parameters<typeof faultsOfClient>[0]): void {
  const faults = faultsOfClient(client)
  if (faults.length > 0) throw invalid(faults)
}

const withSecret = (client: Client, secret: string | undefined): Client =>
  secret === undefined ? client : { ...client, client_secret: secret }

const absent = (id: number) => notFound(`There is no client ${id}.`)
