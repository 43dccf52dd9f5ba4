// A desk after years of work, made by PostgreSQL itself: for measures and for looking at query plans.
import type { Client } from 'pg'

export interface ManyRows {
  readonly customers: number
  readonly tickets: number
}

const tables = ['customers', 'tickets', 'posts', 'audit_events'] as const

const operators = 50
/** Accounts of customers, so that operators are few among many users. */
const accounts = 20_000

/** About this share of all rows hold each of these in what `q` searches. */
export const searchedWords = { frequent: 'printer', middling: 'voucher', rare: 'zeppelin' } as const

const firstNames = `Ada Alan Amir Anna Arya Ben Bran Carla Chen Clara Dana David Diego Ed Elena Emil Erik Eva Farid Finn Fiona
  Grace Greta Hana Hugo Ida Igor Ines Ivan Jan Jennie John Jon Julia Karim Kira Lara Lea Leo Lina Luca Maria Marta Max Mia
  Mira Nadia Nils Noah Nora Olga Omar Oskar Paul Petra Pia Rahul Rosa Sam Sansa Sara Sofia Stella Tariq Tom Uma Vera Yara Zoe`
const nameParts = `Acker Berg Blom Brandt Carls Dahl Eber Falk Frost Gold Grau Hagen Hart Holm Iver Jans Kaiser Kern Lang Lind Lund
  Mann Moor Nord Olsen Pauls Quist Reed Roth Sand Stark Stein Thor Ulm Vogt Wald Weber Winter Wolf Zeller`
const words = `account address again agreed already also annual answer appointment arrived asked back battery before between bill
  blank blue box branch broken button cable call came camera cancel case change charge check claim clean cold colour contract
  copy could cover damage date day delay delivery desk device different discount display does door double down early empty
  error evening every exchange extra failed family feature file filter final first floor follow form found free from front
  garden gift glass good guide half hand handle heating help home hour house invoice item keep key kitchen label lamp large
  last late leak left letter light line list long lost machine made mail manual measure meter missing model money month more
  morning motor name need never new next night nobody noise note nothing number offer office often old once only open order
  other over own package paid paint paper part password pay people phone photo picture piece place plan plate please plug pm
  point post power price print problem product promise pump quick quote radio ready receipt red refund remote repair replace
  reply report return right ring road roof room round same screen screw season second send service set shelf shop short show
  side sign since size slow small sound spare stairs start state stop store street strong switch table tell test thank then
  ticket time today tool top town tube turn twice under unit until update used valve very visit voice wait wall want warranty
  wash watch water week well went wheel when white window winter wire without wood word work worn wrong year yellow yesterday`

/**
 * Fills an empty, migrated database: 10 % of the customers and, with theirs, 30 % of the tickets are archived; 90 % are
 * COMPLETED, 5 % PENDING, 3 % IN_PROGRESS, 2 % REJECTED. Each has one event in the audit log, in no chain. The same rows each time. Indexes are made after the rows, which
 * takes a third of the time.
 */
export async function fillManyRows(client: Client, rows: ManyRows): Promise<void> {
  await client.query(
    `set statement_timeout = 0; set maintenance_work_mem = '512MB'; set work_mem = '64MB'; select setseed(0.5)`,
  )
  // A look of autovacuum's at the wrong moment would keep our own vacuum from finding all rows visible to all.
  for (const table of tables) await client.query(`alter table ${table} set (autovacuum_enabled = off)`)
  // Years ago all of it was put into the chain.
  await client.query('alter table audit_events disable trigger user')
  const restore = await withoutIndexes(client)
  await client.query(wordTables)
  await client.query(usersOf)
  await client.query(customersOf(rows.customers))
  await client.query(ticketsOf(rows))
  await client.query(postsOf(rows.tickets))
  await client.query(auditEvents)
  for (const table of tables) {
    await client.query(
      `select setval(pg_get_serial_sequence('${table}', 'id'), (select max(id) from ${table}))`,
    )
  }
  await restore()
  await client.query(`vacuum (analyze) users, ${tables.join(', ')}`)
  await client.query('alter table audit_events enable trigger user')
  for (const table of tables) await client.query(`alter table ${table} reset (autovacuum_enabled)`)
}

/** Answers how to bring back what it took away. */
async function withoutIndexes(client: Client): Promise<() => Promise<void>> {
  const names = tables.map((table) => `'${table}'`).join(',')
  const { rows: constraints } = await client.query<{ owner: string; name: string; definition: string }>(
    `select conrelid::regclass as owner, conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
     where conrelid::regclass::text in (${names}) and contype in ('f', 'u') order by contype desc`,
  )
  for (const { owner, name } of constraints)
    await client.query(`alter table ${owner} drop constraint ${name}`)
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(
    `select indexname as name, indexdef as definition from pg_indexes
     where tablename in (${names}) and indexname not in (select conname from pg_constraint)`,
  )
  for (const { name } of indexes) await client.query(`drop index ${name}`)
  return async () => {
    for (const { definition } of indexes) await client.query(definition)
    for (const { owner, name, definition } of constraints) {
      await client.query(`alter table ${owner} add constraint ${name} ${definition}`)
    }
  }
}

/** With a skew above 1, words that come first in the list are said more often. */
function oneOf(text: string, skew = 1): string {
  const list = text.trim().split(/\s+/)
  return `('{${list.join(',')}}'::text[])[1 + floor(${list.length} * power(random(), ${skew}))]`
}

const usersOf = `
  insert into users (username, email, first_name, last_name, role, password_hash, disabled_at, created_at, updated_at)
  select 'account-' || n, 'account-' || n || '@mail.example', 'User', case n % 2000 when 7 then 'Zeppelin' else n::text end,
    case when n <= ${operators} then 'operator' else 'customer' end, case when n % 10 > 0 then 'none that fits' end,
    case when n > ${operators} and n % 20 = 1 then timestamptz '2024-01-01' end,
    timestamptz '2021-01-01' + interval '1 day' * n / 20, timestamptz '2024-01-01' + interval '1 minute' * n
  from generate_series(1, ${operators + accounts}) n`

const sentences = 5000
const wordTables = `
  create temporary table sentences as
    select n, concat_ws(' ', ${Array.from({ length: 7 }, () => oneOf(words, 1.5)).join(', ')}) as text
    from generate_series(0, ${sentences - 1}) n;
  analyze sentences`

const customersOf = (count: number) => `
  insert into customers (id, first_name, last_name, phone, email, company, external_id, photo_key, photo_large_hash, photo_small_hash, archived_at, created_at, updated_at)
  select n, first_name, last_name, '+4420' || (10000000 + n), case when n % 10 < 8 then lower(first_name || '.' || last_name) || n || '@mail.example' end,
    case n % 1000 when 0 then 'Zeppelin Works' when 1 then 'Voucher ' || last_name else case n % 4 when 0 then last_name || ' Printer Shop' when 1 then last_name || ' & Sons' end end,
    'W-' || n, photo_key, photo_hash, photo_hash,
    case when n % 10 = 3 then created_at + interval '500 days' * random() end,
    created_at, created_at + interval '400 days' * power(random(), 3)
  from (
    select n, case when n % 5 = 0 then md5(n::text) end as photo_key, case when n % 5 = 0 then repeat('0', 64) end as photo_hash,
      ${oneOf(firstNames)} as first_name,
      ${oneOf(nameParts)} || ${oneOf('son er mann s ova feld berg a ini man')} as last_name,
      timestamptz '2021-01-01' + interval '4 years' * n / ${count} as created_at
    from generate_series(1, ${count}) n
  ) as made`

/** Tickets lie in the order they came; those that wait or are worked on are spread over all the years, the hard case. */
const ticketsOf = ({ customers, tickets }: ManyRows) => `
  insert into tickets (id, customer_id, status, processed_by, resolution_comment, closed_at, archived_at, archived_with_customer,
    priority, tags, created_at, updated_at)
  select n, customer_id, status, case when status <> 'PENDING' then (select min(id) from users where role = 'operator') + floor(${operators} * power(random(), 2)) end,
    case when ended then 'Done as asked' end, case when ended then created_at + interval '9 days' end,
    case when customer_id % 10 = 3 or ended and n % 100 < 24 then created_at + interval '500 days' end, customer_id % 10 = 3,
    case n % 20 when 0 then 'urgent' when 1 then 'high' when 2 then 'high' when 3 then 'low' else 'normal' end,
    case when n % 5 = 4 then array['often'] when n % 1000 = 3 then array['seldom', 'vip'] else '{}' end,
    created_at, created_at + interval '60 days' * power(random(), 3)
  from (
    select n, 1 + floor(${customers} * random())::bigint as customer_id, status, status in ('COMPLETED', 'REJECTED') as ended,
      timestamptz '2021-01-02' + interval '4 years' * n / ${tickets} as created_at
    from (
      select n, case when share < 0.9 then 'COMPLETED' when share < 0.95 then 'PENDING' when share < 0.98 then 'IN_PROGRESS' else 'REJECTED' end as status
      from (select n, random() as share from generate_series(1, ${tickets}) n offset 0) as drawn
    ) as stated offset 0
  ) as made`

const postsOf = (tickets: number) => `
  insert into posts (id, ticket_id, number, subject, message, created_at)
  select id, id, 1, left(one.text, 60),
    concat_ws(' ', two.text, case when id % 5 = 0 then 'printer' when id % 200 = 1 then 'voucher' when id % (${tickets} / 10) = 77 then 'zeppelin' end, one.text),
    timestamptz '2021-01-02' + interval '4 years' * id / ${tickets}
  from generate_series(1, ${tickets}) id
    join sentences one on one.n = (id::bigint * 7919) % ${sentences} join sentences two on two.n = (id::bigint * 104729 + id / 13) % ${sentences}
  order by id`

/** One action in a thousand is rare. */
const auditEvents = `
  insert into audit_events (at, actor_id, actor_role, action, record_type, record_id, after, request_id)
  select at, (select min(id) from users where role = 'operator') + floor(${operators} * power(random(), 2)), 'operator', action, type, id, row, 'many-rows'
  from (
    select created_at as at, 'customer' as type, 'customer.created' as action, id, to_jsonb(customers) as row from customers
    union all
    select created_at, 'ticket', case when id % 1000 = 7 then 'ticket.reassigned' else 'ticket.created' end, id, to_jsonb(tickets) from tickets
    order by at
  ) as made`
