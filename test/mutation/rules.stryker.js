// What is decided without a database, judged by test/rules/ alone.
import { strykerConfig } from './stryker.js'

export default strykerConfig({
  vitest: 'rules.vitest.ts',
  mutate: [
    'server/policy.ts',
    'server/**/*-rules.ts',
    'server/**/*-policy.ts',
    'server/auth/known-devices.ts',
    'server/auth/session-cookie.ts',
    'server/auth/token-cache.ts',
    'server/credentials/secrets.ts',
    'server/oauth/cookie-signing.ts',
    'server/oauth/sealing.ts',
  ],
})
