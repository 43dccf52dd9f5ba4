// The users module: accounts, and the colleagues among them that work is given to. Not passwords and tokens: that is auth.
export { ownUserId } from './account-service.ts'
export * as operators from './operator-service.ts'
export * as users from './user-service.ts'
export { userPolicy } from './user-policy.ts'
export { userRoutes } from './user-routes.ts'
export { meRecord, operatorRecord, userRecord } from './user-records.ts'
