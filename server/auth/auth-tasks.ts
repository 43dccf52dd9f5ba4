import type { Context } from '../context.ts'
import type { Tasks } from '../jobs/worker.ts'
import { mailedLinkTasks } from './mailed-link-tasks.ts'
import { deleteEndedSessions } from './session-repository.ts'
import { deletePastAttempts } from './sign-in-limit-repository.ts'
import { deleteEndedTokens } from './token-repository.ts'

export function authTasks(ctx: Context): Tasks {
  return {
    ...mailedLinkTasks(ctx),
    forget_ended_tokens: {
      schedule: '17 * * * *',
      work: async () => void (await deleteEndedTokens.all(ctx.db, {})),
    },
    forget_ended_sessions: {
      schedule: '27 * * * *',
      work: async () => void (await deleteEndedSessions.all(ctx.db, {})),
    },
    forget_sign_in_attempts: {
      schedule: '*/10 * * * *',
      work: async () => void (await deletePastAttempts.all(ctx.db, {})),
    },
  }
}
