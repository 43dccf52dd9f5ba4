// Who is let in, judged by tests at the edge. Each mutant needs a desk and its database, so only the tests that come by it run; what
// runs but once, as a module is read, would need all of them, and stays as it is.
import { strykerConfig } from './stryker.js'

export default strykerConfig({
  vitest: 'access.vitest.ts',
  ignoreStatic: true,
  mutate: [
    'server/auth/authentication.ts',
    'server/auth/browser.ts',
    'server/auth/session-service.ts',
    'server/oauth/adapter.ts',
    'server/oauth/artifact-adapters.ts',
    'server/oauth/grant-adapter.ts',
  ],
})
