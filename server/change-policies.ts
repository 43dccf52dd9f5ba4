// Every type of record that the audit log knows, with the policy of its module.
import { credentialPolicy } from './auth/index.ts'
import type { ChangePolicies } from './change.ts'
import { customerPolicy } from './customers/index.ts'
import { clientPolicy, signingKeyPolicy } from './oauth/index.ts'
import { postPolicy, ticketPolicy } from './tickets/index.ts'
import { userPolicy } from './users/index.ts'

export const changePolicies: ChangePolicies = {
  access_token: credentialPolicy,
  client: clientPolicy,
  customer: customerPolicy,
  grant: credentialPolicy,
  post: postPolicy,
  session: credentialPolicy,
  signing_key: signingKeyPolicy,
  ticket: ticketPolicy,
  token: credentialPolicy,
  user: userPolicy,
}
