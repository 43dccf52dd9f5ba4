// The sign-up module: how people become portal logins by themselves. What they do then is the business of other modules.
export { signUpRoutes } from './sign-up-routes.ts'
