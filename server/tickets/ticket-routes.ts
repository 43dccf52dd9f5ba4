import {
  getTicket,
  listInbox,
  listTickets,
  openNewTicket,
  openTicket,
  updateTicket,
} from '../../contract/index.ts'
import type { Api } from '../http/api.ts'
import type { AttachmentUploads } from './attachment-uploads.ts'
import * as tickets from './ticket-service.ts'

export function ticketRoutes(api: Api, attachments: AttachmentUploads) {
  api.route({
    ...listTickets,
    handler: async (request) =>
      api.pages.envelope(
        request,
        await tickets.list(request.ctx, request.actor, request.query, api.pages.query(request)),
      ),
  })
  api.route({
    ...listInbox,
    handler: async (request) =>
      api.pages.envelope(
        request,
        await tickets.inbox(request.ctx, request.actor, request.query, api.pages.query(request)),
      ),
  })
  api.route({
    ...openTicket,
    config: { ...openTicket.config, prepare: attachments.prepare },
    handler: (request) => tickets.open(request.ctx, request.actor, request.body, attachments.of(request)),
    onResponse: attachments.tidyUp,
  })
  api.route({
    ...openNewTicket,
    config: { ...openNewTicket.config, prepare: attachments.prepare },
    handler: (request) => tickets.open(request.ctx, request.actor, request.body, attachments.of(request)),
    onResponse: attachments.tidyUp,
  })
  api.route({
    ...getTicket,
    handler: (request) => tickets.get(request.ctx, request.actor, request.params.id),
  })
  api.route({
    ...updateTicket,
    handler: (request) => tickets.label(request.ctx, request.actor, request.params.id, request.body),
  })
}
