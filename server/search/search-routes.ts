import { search } from '../../contract/index.ts'
import { searcherOf } from '../counted-as.ts'
import type { Api } from '../http/api.ts'
import * as service from './search-service.ts'

export function searchRoutes(api: Api) {
  api.route({
    ...search,
    handler: (request) => service.find(request.ctx, request.actor, request.query, searcherOf(request)),
  })
}
