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
      work: () => deleteEndedTokens(ctx.db),
    },
    forget_ended_sessions: {
      schedule: '27 * * * *',
      work: () => deleteEndedSessions(ctx.db),
    },
    forget_sign_in_attempts: {
      schedule: '*/10 * * * *',
      work: () => deletePastAttempts(ctx.db),
    },
  }
}
