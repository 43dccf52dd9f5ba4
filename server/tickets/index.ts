// The tickets module: asks of customers and their threads. A request is a ticket seen through the /requests URLs.
export { requestRecord } from './request-record.ts'
export { requestRoutes } from './request-routes.ts'
export { ticketPolicy } from './ticket-policy.ts'
export * as tickets from './ticket-service.ts'
