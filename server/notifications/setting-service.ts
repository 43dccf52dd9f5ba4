// Stopping the mails, and taking that back, by the link in each of them: whoever can read the mail may.
import type { Context } from '../context.ts'
import { auditing } from '../db/audit.ts'
import * as repository from './setting-repository.ts'
import { readLink, type UnsubscribeLinks } from './unsubscribe-links.ts'

export interface Settings {
  /** Whether mails go to whom the link was mailed to; undefined for a link that does not work, whatever is wrong with it. */
  read(ctx: Context, token: unknown): Promise<boolean | undefined>
  /** Answers how it is then, as `read` does. Repeating it changes nothing. */
  set(ctx: Context, token: unknown, wanted: boolean, request_id: string): Promise<boolean | undefined>
}

export function notificationSettings({ isFor }: UnsubscribeLinks): Settings {
  async function found(ctx: Context, token: unknown) {
    const link = readLink(token)
    if (!link) return undefined
    const find = link.kind === 'user' ? repository.findUsersSetting : repository.findCustomersSetting
    const setting = await find.first(ctx.db, { id: link.id })
    if (!setting?.email || !isFor(link, setting.email)) return undefined
    return { ...setting, email: setting.email, id: link.id }
  }

  return {
    read: async (ctx, token) => (await found(ctx, token))?.notifications,
    async set(ctx, token, wanted, request_id) {
      const setting = await found(ctx, token)
      if (!setting || setting.notifications === wanted) return setting?.notifications
      const { user_id, role, email } = setting
      const values = { email, notifications: wanted, ...auditing({ user_id, role, request_id }) }
      if (user_id === null) await repository.setCustomersSetting.all(ctx.db, { id: setting.id, ...values })
      else await repository.setUsersSetting.all(ctx.db, { id: user_id, ...values })
      return (await found(ctx, token))?.notifications
    },
  }
}
