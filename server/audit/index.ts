// The audit module: reading what was done, and verifying that nobody has touched it since. Writing it down is a part of each
// effect (db/audit.ts), putting it into the chain is the relay's (db/relay.ts).
export { auditRoutes } from './audit-routes.ts'
export * as audit from './audit-service.ts'
export { type ChainEntry, verifyChain } from './chain-service.ts'
