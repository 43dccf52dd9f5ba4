// The role that the application's sessions take on: it reads and writes rows, and can neither change a table nor what is
// written in the audit log. Roles are of the whole cluster, and a dump holds neither them nor always their grants; so both are
// looked at with every start, and mended where they are not as they should be.
import type pg from 'pg'
import type { Log } from '../log.ts'
import { ownersRights, type Rights } from './database.ts'

const appRole = 'frontdesk_app'

/** In alphabetical order, as the statement below has what is granted already. */
const everything = ['DELETE', 'INSERT', 'SELECT', 'UPDATE']

/** What the application may do with these; with any other table of ours, everything. */
const limited: Readonly<Record<string, readonly string[]>> = {
  audit_events: ['INSERT', 'SELECT'],
  // Filled and emptied by functions that run with their owner's rights.
  audit_chain: ['SELECT'],
  // The jobs' own; who writes here frees what workers hold.
  job_workers: ['SELECT'],
  outbox: ['SELECT'],
  schema_migrations: ['SELECT'],
}

/** Of the jobs' own tables, the view that counts them is enough. */
const elsewhere = { schema: 'graphile_worker', view: 'jobs', rights: ['SELECT'] }

/**
 * `client` is the owner's, and nobody else prepares this database meanwhile. Answers whose rights there are to be had. Where
 * PostgreSQL `trusts` whoever reaches it, as our own does, the role signs in itself, and can be nobody else; where it asks
 * for a password, sessions of the owner take the role on.
 */
export async function giveAppRights(
  client: pg.Client,
  log: Log,
  { trusts }: { readonly trusts: boolean },
): Promise<Rights> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await tryToGive(client, trusts)
    } catch (error) {
      const { code, message } = error as Partial<pg.DatabaseError>
      if (code === '42501') return warnOfOwnersRights(client, log, error)
      // Another database of this cluster was at the role in this very moment.
      const met = code === '42710' || code === '23505' || message === 'tuple concurrently updated'
      if (!met || tries === 10) throw error
    }
  }
}

async function tryToGive(client: pg.Client, trusts: boolean): Promise<Rights> {
  await makeUsable(client)
  if (trusts) await letSignIn(client)
  const { rows } = await client.query<Given>(given, [
    appRole,
    JSON.stringify(limited),
    everything,
    elsewhere.schema,
    elsewhere.view,
    elsewhere.rights,
  ])
  const [{ settings, missing } = { settings: '', missing: null }] = rows
  if (missing) await client.query(missing)
  return trusts
    ? { settings: settings.trimStart(), user: appRole }
    : { settings: `-c role=${appRole}${settings}` }
}

async function letSignIn(client: pg.Client): Promise<void> {
  const { rows } = await client.query('select from pg_roles where rolname = $1 and rolcanlogin', [appRole])
  if (rows.length === 0) await client.query(`alter role ${appRole} login`)
}

async function makeUsable(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ usable: boolean | null }>(membership, [appRole])
  if (rows[0]?.usable) return
  if (rows.length === 0) await client.query(`create role ${appRole} nologin`)
  const again = await client.query<{ usable: boolean }>(membership, [appRole])
  // A superuser may take on any role. Whoever made one without being that may give it to themselves.
  if (!again.rows[0]?.usable) await client.query(`grant ${appRole} to session_user`)
}

/** Whether we may take on the role; no row where it is not there. */
const membership = `
  select pg_has_role(session_user, oid, case when current_setting('server_version_num')::integer >= 160000 then 'SET' else 'MEMBER' end) as usable
  from pg_roles where rolname = $1`

interface Given {
  /** More of a session's settings. */
  readonly settings: string
  /** The statements that are still needed. */
  readonly missing: string | null
}

// A schema that is named like the owner is found by the owner alone, unless it is named to others. Spaces and backslashes are
// escaped, as in the `options` of a connection.
const given = `
  with role as (select oid from pg_roles where rolname = $1),
  ours as (
    select relnamespace as schema, relowner as owner from pg_class where oid = to_regclass('schema_migrations')
  ),
  wanted as (
    select pg_class.oid::regclass as name, pg_class.relnamespace as schema, pg_class.relacl as acl,
      coalesce(nullif(array(select jsonb_array_elements_text($2::jsonb -> pg_class.relname::text)), '{}'), $3) as rights
    from pg_class join ours on pg_class.relnamespace = ours.schema and pg_class.relkind in ('r', 'p')
      and (pg_class.relowner = ours.owner or pg_has_role(pg_class.relowner, 'USAGE'))
    union all
    select pg_class.oid::regclass, pg_class.relnamespace, pg_class.relacl, $6
    from pg_class join pg_namespace on pg_namespace.oid = pg_class.relnamespace
    where pg_namespace.nspname = $4 and pg_class.relname = $5
  ),
  needed as (
    select 1 as turn, format('grant usage on schema %s to %I', schema::regnamespace, $1) as statement
    from wanted, role where not has_schema_privilege(role.oid, schema, 'USAGE') group by schema
    union all
    select 2, format('revoke all on %s from %I; grant %s on %1$s to %2$I', name, $1, array_to_string(rights, ', '))
    from wanted, role
    where rights <> array(select privilege_type from aclexplode(acl) where grantee = role.oid order by privilege_type)
    union all
    select 3, format('grant execute on function %s to %I', pg_proc.oid::regprocedure, $1)
    from pg_proc join ours on pg_proc.pronamespace = ours.schema, role
    where pg_proc.prosecdef and pg_proc.prorettype <> 'trigger'::regtype and not has_function_privilege(role.oid, pg_proc.oid, 'EXECUTE')
  )
  select string_agg(statement, '; ' order by turn) as missing,
    case when current_user = any(current_schemas(false))
      then ' -c search_path=' || (
        select regexp_replace(string_agg(quote_ident(name), ','), '([\\\\ ])', '\\\\\\1', 'g')
        from unnest(current_schemas(false)) as name
      ) else '' end as settings
  from needed`

async function warnOfOwnersRights(client: pg.Client, log: Log, error: unknown): Promise<Rights> {
  const { rows } = await client.query<{ owner: string }>('select quote_ident(session_user) as owner')
  log.warn(
    { err: error },
    `Frontdesk goes on with all the rights of the database's owner: it could not prepare the role ${appRole}, which can change ` +
      'neither tables nor the audit log. An administrator of the database can, before the next start: ' +
      `create role ${appRole} nologin (unless it is there); grant ${appRole} to ${rows[0]?.owner};`,
  )
  return ownersRights
}
