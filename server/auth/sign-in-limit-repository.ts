import { type RawBuilder, sql } from 'kysely'
import { deleteInParts } from '../db/delete-in-parts.ts'
import { statement } from '../db/statement.ts'
import type { Tries } from './sign-in-rules.ts'

interface Attempt {
  /** What each limit counts by. */
  readonly of: readonly string[]
  /** What each is called, which keeps their counts apart. */
  readonly policies: readonly string[]
  readonly name: string
  /** The address, or the network that counts as one. */
  readonly network: string
}

/**
 * A key for each of `of`. The name is folded by PostgreSQL, as where the account is looked for: were it folded elsewhere, one
 * account could be tried under two keys. It is hashed, since people type their password into the wrong field.
 */
const keys = (value: Attempt): RawBuilder<unknown> => sql`
  select of, ordinality, encode(sha256(convert_to(concat_ws(E'\\n', policy,
    case when of <> 'address' then lower(${value.name}) end,
    case when of <> 'name' then ${value.network} end), 'UTF8')), 'base64') as key
  from unnest(${value.of}::text[], ${value.policies}::text[]) with ordinality as counted (of, policy, ordinality)`

const secondsLeft = (table: string): RawBuilder<unknown> =>
  sql`extract(epoch from ${sql.ref(`${table}.window_ends_at`)} - now())::float8`

/** One more try for each key; a window that is over begins anew. */
export const countAttempts = statement<Attempt & { readonly seconds: readonly number[] }>()(
  (value) => sql<Tries>`
    with keys as materialized (${keys(value)}),
    counted as (
      insert into sign_in_attempts as known (key, attempts, window_ends_at)
      select keys.key, 1, now() + (${value.seconds}::integer[])[keys.ordinality] * interval '1 second'
      from keys order by keys.key -- always in the same order, so that two tries cannot deadlock
      on conflict (key) do update set
        attempts = case when known.window_ends_at <= now() then 1 else known.attempts + 1 end,
        window_ends_at = case when known.window_ends_at <= now() then excluded.window_ends_at else known.window_ends_at end
      returning key, attempts, ${secondsLeft('known')} as seconds_left
    )
    select keys.of, counted.attempts, counted.seconds_left from counted join keys on keys.key = counted.key`,
)

/** A right password clears the counts of its name, and takes its own try out of the address's, of which it answers what is left. */
export const forgetAttempts = statement<Attempt>()(
  (value) => sql<Tries>`
    with keys as materialized (${keys(value)}),
    locked as (
      select known.key, keys.of from sign_in_attempts as known join keys on keys.key = known.key
      order by known.key for update of known -- in the order in which they are counted
    ),
    forgotten as (
      delete from sign_in_attempts as known using locked where known.key = locked.key and locked.of <> 'address'
    )
    update sign_in_attempts as known set attempts = greatest(known.attempts - 1, 0)
    from locked where known.key = locked.key and locked.of = 'address'
    returning locked.of, known.attempts, ${secondsLeft('known')} as seconds_left`,
)

export const deletePastAttempts = deleteInParts('sign_in_attempts', {
  column: 'window_ends_at',
  before: sql`now()`,
})
