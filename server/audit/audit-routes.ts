import { listAuditEvents } from '../../contract/index.ts'
import type { Api } from '../http/api.ts'
import * as audit from './audit-service.ts'

export function auditRoutes(api: Api) {
  api.route({
    ...listAuditEvents,
    handler: async (request) =>
      api.pages.envelope(request, await audit.list(request.ctx, request.query, api.pages.query(request))),
  })
}
