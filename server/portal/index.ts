// The portal module: how people become users of it by themselves. What they do there is the business of other modules.
export { signUpRoutes } from './sign-up-routes.ts'
