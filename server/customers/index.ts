// The customers module: the people and companies that the shop serves. Not the portal login that one may have, nor tickets.
export { customerRoutes } from './customer-routes.ts'
export * as customers from './customer-service.ts'
