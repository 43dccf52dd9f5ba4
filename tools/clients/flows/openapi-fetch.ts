// The flow of brief 000 through openapi-fetch, with the types that openapi-typescript makes into ./client.
import createClient from 'openapi-fetch'
import type { components, paths } from './client'

// @ts-expect-error: that compiles only because the types know that nobody closes a request as PENDING.
export const wrong: components['schemas']['RequestOutcome']['status'] = 'PENDING'

type Problem = components['schemas']['Problem']

export async function flow(baseUrl: string, username: string, password: string) {
  const { token } = of(
    await createClient<paths>({ baseUrl }).POST('/api/v1/token', { body: { username, password } }),
  )
  const api = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } })

  const customer = of(
    await api.POST('/api/v1/customers', {
      body: { first_name: 'Ed', last_name: 'Stark', phone: '+442083661171' },
    }),
  )
  const operator = of(
    await api.POST('/api/v1/operators', { body: { first_name: 'Jennie', last_name: 'Lanister' } }),
  )
  const request = of(
    await api.POST('/api/v1/customers/{id}/requests', {
      params: { path: { id: customer.id } },
      body: { body: 'Winter is coming' },
    }),
  )
  const path = { id: request.id }
  const { error: tooEarly } = await api.DELETE('/api/v1/requests/{id}', { params: { path } })
  const assigned = of(
    await api.PATCH('/api/v1/operators/{id}/requests/{request_id}', {
      params: { path: { id: operator.id, request_id: request.id } },
    }),
  )
  const completed = of(
    await api.PATCH('/api/v1/requests/{id}', {
      params: { path },
      body: { status: 'COMPLETED', resolution_comment: 'Keep yourself warm' },
    }),
  )
  const ofCustomer = { params: { path: { id: customer.id } } }
  const listed = of(await api.GET('/api/v1/customers/{id}/requests', ofCustomer))
  await api.DELETE('/api/v1/requests/{id}', { params: { path } })
  const hidden = of(await api.GET('/api/v1/customers/{id}/requests', ofCustomer))
  const shown = of(
    await api.GET('/api/v1/requests', {
      params: { query: { created_by: customer.id, show_archived: true, sort: '-created' } },
    }),
  )
  return { customer, operator, request, tooEarly, assigned, completed, listed, hidden, shown }
}

/** What a call answers, when all is well. */
function of<T>({ data, error }: { data?: T; error?: Problem }): T {
  if (data === undefined) throw new Error(error?.detail)
  return data
}
