// The flow of brief 000 through the client that `openapi-generator -g typescript-fetch` makes into ./client.
import {
  Configuration,
  CustomersApi,
  ListRequestsSortEnum,
  OperatorsApi,
  type Problem,
  ProblemFromJSON,
  RequestOutcomeStatusEnum,
  RequestsApi,
  SigningInApi,
} from './client'

// @ts-expect-error: that compiles only because the types know that nobody closes a request as PENDING.
export const wrong = RequestOutcomeStatusEnum.PENDING

export async function flow(basePath: string, username: string, password: string) {
  const stranger = new Configuration({ basePath, fetchApi: fetch })
  const { token } = await new SigningInApi(stranger).createToken({ credentials: { username, password } })
  const configuration = new Configuration({ basePath, fetchApi: fetch, accessToken: token })
  const customers = new CustomersApi(configuration)
  const operators = new OperatorsApi(configuration)
  const requests = new RequestsApi(configuration)

  const customer = await customers.createCustomer({
    newCustomer: { firstName: 'Ed', lastName: 'Stark', phone: '+442083661171' },
  })
  const operator = await operators.createOperator({
    newOperator: { firstName: 'Jennie', lastName: 'Lanister' },
  })
  const request = await requests.createRequest({
    id: customer.id,
    loggedRequest: { body: 'Winter is coming' },
  })
  const tooEarly = await problemOf(requests.archiveRequest({ id: request.id }))
  const assigned = await requests.assignRequest({ id: operator.id, requestId: request.id })
  const completed = await requests.closeRequest({
    id: request.id,
    requestOutcome: {
      status: RequestOutcomeStatusEnum.COMPLETED,
      resolutionComment: 'Keep yourself warm',
    },
  })
  const listed = await requests.listCustomerRequests({ id: customer.id })
  await requests.archiveRequest({ id: request.id })
  const hidden = await requests.listCustomerRequests({ id: customer.id })
  const shown = await requests.listRequests({
    createdBy: customer.id,
    showArchived: true,
    sort: ListRequestsSortEnum.CreatedDescending,
  })
  return { customer, operator, request, tooEarly, assigned, completed, listed, hidden, shown }
}

/** What the server answers to a call that must fail; this client throws the bare response. */
async function problemOf(call: Promise<unknown>): Promise<Problem> {
  const answer = await call.catch((response: unknown) => response)
  if (!(answer instanceof Response)) throw new Error('It did not fail')
  return ProblemFromJSON(await answer.json())
}
