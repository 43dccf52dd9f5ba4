// The oauth module: programs that act for users or on their own (OAuth 2.1, OpenID Connect). Not who a user is: that is auth.
export { clientPolicy } from './client-policy.ts'
export { clientRecord } from './client-record.ts'
export * as clients from './client-service.ts'
export { accessTokenHolders, serveOAuth } from './oauth-server.ts'
export { docsClientId } from './client-rules.ts'
export { signingKeyPolicy } from './signing-key-policy.ts'
export { oauthTasks } from './oauth-tasks.ts'
