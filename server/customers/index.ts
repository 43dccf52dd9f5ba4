// The customers module: the people and companies that the shop serves. Not the portal login that one may have, nor tickets.
export { customerPolicy } from './customer-policy.ts'
export { customerRecord } from './customer-record.ts'
export { customerState } from './customer-repository.ts'
export { customerArchived, customerMay, customerStatesFor } from './customer-rules.ts'
export { customerRoutes } from './customer-routes.ts'
export { customerTasks } from './customer-tasks.ts'
export * as customers from './customer-service.ts'
export * as photos from './photo-service.ts'
