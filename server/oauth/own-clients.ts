// Clients that come with the house: the documentation, in which people sign in to try calls out.
import { scopeNames } from '../../contract/index.ts'
import type { Context } from '../context.ts'
import { auditing } from '../db/audit.ts'
import { putOwnClient } from './client-repository.ts'
import { docsClientId } from './client-rules.ts'

/** As this version wants it; writes nothing where it is so. */
export async function prepareOwnClients(ctx: Context): Promise<void> {
  await putOwnClient.all(ctx.db, {
    client_id: docsClientId,
    name: 'Frontdesk’s documentation',
    grant_types: ['authorization_code'],
    redirect_uris: [`${ctx.config.publicUrl}/docs/static/oauth2-redirect.html`],
    role: 'admin',
    scopes: scopeNames,
    first_party: true,
    ...auditing({ user_id: null, role: 'system', request_id: 'start' }),
  })
}
