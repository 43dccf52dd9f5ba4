import type { Context } from '../context.ts'
import type { Tasks } from '../jobs/worker.ts'
import { secretKeyOf } from '../secret-key.ts'
import { deleteExpiredBrowsers, deleteExpiredTokens } from './artifact-repository.ts'
import { deleteEndedGrants } from './grant-repository.ts'
import { sealingOf } from './oauth-server.ts'
import { rotateSigningKeys } from './signing-keys.ts'

export function oauthTasks(ctx: Context): Tasks {
  return {
    forget_expired_grants: {
      schedule: '37 * * * *',
      work: async () => {
        await deleteExpiredBrowsers.all(ctx.db, {})
        await deleteExpiredTokens.all(ctx.db, {})
        await deleteEndedGrants.all(ctx.db, {})
      },
    },
    rotate_signing_keys: {
      schedule: '43 3 * * *',
      work: async () => rotateSigningKeys(ctx, sealingOf(await secretKeyOf(ctx.config))),
    },
  }
}
