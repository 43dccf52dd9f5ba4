import { deleteClient, getClient, rotateClientSecret, updateClient } from '../../contract/index.ts'
import type { RecordDefinition } from '../http/records.ts'
import { isBuiltIn } from './client-rules.ts'
import * as clients from './client-service.ts'

export const clientRecord: RecordDefinition<'client'> = {
  table: 'oauth_clients',
  get: (ctx, _actor, id) => clients.get(ctx, id),
  links: (client) => {
    const params = { id: client.id }
    const self = { to: getClient, params }
    if (isBuiltIn(client)) return { self }
    return {
      self,
      update: { to: updateClient, params },
      ...(client.confidential ? { rotate_secret: { to: rotateClientSecret, params } } : {}),
      delete: { to: deleteClient, params },
    }
  },
}
