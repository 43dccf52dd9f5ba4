import type { Context } from '../context.ts'
import type { Tasks } from '../jobs/worker.ts'
import {
  deleteExpiredBrowsers,
  deleteExpiredDeviceCodes,
  deleteExpiredTokens,
} from './artifact-repository.ts'
import { deleteEndedGrants } from './grant-repository.ts'
import { sealingOf } from './sealing.ts'
import { rotateSigningKeys } from './signing-keys.ts'

export function oauthTasks(ctx: Context, secret: string): Tasks {
  return {
    forget_expired_grants: {
      schedule: '37 * * * *',
      work: async () => {
        await deleteExpiredBrowsers(ctx.db)
        await deleteExpiredDeviceCodes(ctx.db)
        await deleteExpiredTokens(ctx.db)
        await deleteEndedGrants(ctx.db)
      },
    },
    rotate_signing_keys: {
      schedule: '43 3 * * *',
      work: () => rotateSigningKeys(ctx, sealingOf(secret)),
    },
  }
}
