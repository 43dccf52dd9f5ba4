// Links that were mailed, ended as a part of the very statement that makes it so: used up, the address changed, the user disabled.
import { type RawBuilder, sql } from 'kysely'

/**
 * The CTE that ends every mailed link of these users: a CTE of the statement with their `id`; but for the one of the number `used`,
 * which the statement itself uses up.
 */
export function mailedLinksEnded(of: RawBuilder<unknown>, used?: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`links_ended as (
      delete from one_time_tokens using ${of} as users
      where one_time_tokens.user_id = users.id and one_time_tokens.used_at is null
        ${used ? sql`and one_time_tokens.id <> ${used}` : sql``}
    )`
}
