import { deleteClient, getClient, rotateClientSecret, updateClient } from '../../contract/index.ts'
import type { RecordDefinition } from '../http/records.ts'
import * as clients from './client-service.ts'

export const clientRecord: RecordDefinition<'client'> = {
  table: 'oauth_clients',
  get: (ctx, _actor, id) => clients.get(ctx, id),
  links: ({ id, confidential }) => {
    const params = { id }
    return {
      self: { to: getClient, params },
      update: { to: updateClient, params },
      ...(confidential ? { rotate_secret: { to: rotateClientSecret, params } } : {}),
      delete: { to: deleteClient, params },
    }
  },
}
