// The auth module: proving who one is. Passwords, tokens, limits on trying, the first admin. Not what a role may do.
export { authTasks } from './auth-tasks.ts'
export { authRoutes } from './auth-routes.ts'
export { authenticationOf } from './authentication.ts'
export { createAdmin, type FirstAdmin, prepareFirstAdmin } from './first-admin-service.ts'
export { pagePolicy, servePages } from './pages.ts'
export { credentialPolicy } from './credential-policy.ts'
