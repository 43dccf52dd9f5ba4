// The words that are kept for searching: made of any text in little time and little room, and of what was there before.
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { createPost, search } from '../contract/index.ts'
import { migrate } from '../server/db/migrate.ts'
import { openTestDesk } from './support/desk.ts'
import { outsideDatabase } from './support/outside-database.ts'

const desk = await openTestDesk()
const { as, given, pool, rows } = desk
const operator = await given.operator()
const { id: ticketId } = await given.request()

/** The longest message there is. */
const longest = 100_000
const fill = (piece: string) => piece.repeat(Math.ceil(longest / [...piece].length))
const many = (word: (n: number) => string) => Array.from({ length: 25_000 }, (_, n) => word(n)).join('')
const cut = (text: string) => [...text].slice(0, longest).join('')
/** Four letters of four bytes each. */
const rareLetters = (n: number) =>
  String.fromCodePoint(...[1, 3, 7, 11].map((by) => 0x20000 + Math.floor(n / by)))

/** Each of its words is another one, has a stem, and is part of a compound. */
const bulky = cut(many((n) => `${rareLetters(n)}-${rareLetters(n + 30_000)}s `))

const hostile: Readonly<Record<string, string>> = {
  'many long words': bulky,
  'letters of four bytes': cut(many((n) => `${rareLetters(n)} `)),
  'one word': fill('x'),
  'one compound': fill('wort-'),
  'one e-mail address': fill('1@e'),
  'one path': fill('~/'),
  underscores: fill('a_'),
  comments: fill('<!--'),
  tags: fill('<a '),
  quotes: fill(`'\\"`),
  'what is sought, again and again': fill('gargoyle '),
}

test.each(Object.entries(hostile))(
  'a message of 100,000 characters is kept and found: %s',
  async (_, text) => {
    const message = cut(`gargoyle ${text}`)
    const began = performance.now()
    const { status, body } = await as(operator)(createPost, { params: { id: ticketId }, body: { message } })
    expect(status).toBe(201)
    const found = await as(operator)(search, { query: { q: 'gargoyle' } })
    expect(found.body.results.map(({ id }) => id)).toContain(body.id)
    // A second where it is quiet; one statement may take five.
    expect(performance.now() - began).toBeLessThan(5_000)

    const [kept] = await rows<{ bytes: number }>(
      'select octet_length(tsvectorsend(search_words)) as bytes from posts where id = $1',
      [body.id],
    )
    expect(kept?.bytes).toBeLessThan(500_000)
  },
)

test('control: without bounds a text has too many words for PostgreSQL, or takes it too long', async () => {
  const unbounded = `${bulky} ${bulky.replaceAll('-', '')}`
  await expect(rows(`select cut_words('', $1)`, [unbounded])).rejects.toThrow('too long for tsvector')

  const client = await pool.connect()
  try {
    await client.query('set statement_timeout = 1000')
    const path = client.query(`select to_tsvector('simple', $1)`, [hostile['one path']])
    await expect(path).rejects.toThrow('statement timeout')
  } finally {
    client.release(true)
  }
})

test('what a text holds after its first 20,000 characters is not sought', async () => {
  const message = `${'word '.repeat(3_999)}first ${'word '.repeat(10)} last`
  const { body } = await as(operator)(createPost, { params: { id: ticketId }, body: { message } })
  const find = async (q: string) =>
    (await as(operator)(search, { query: { q } })).body.results.map(({ id }) => id)
  expect(await find('word first')).toEqual([body.id])
  expect(await find('word last')).toEqual([])
})

const folder = mkdtempSync(join(tmpdir(), 'frontdesk-search-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('what was there before is found afterwards, and is otherwise as it was', async () => {
  const ours = new URL('../server/db/migrations/', import.meta.url)
  for (const file of readdirSync(ours))
    if (file < '20261121180200') cpSync(new URL(file, ours), join(folder, file))
  const { connection, ask } = await outsideDatabase()
  await migrate(connection, { folder: pathToFileURL(`${folder}/`) })
  await ask(`
    insert into customers (id, first_name, last_name, email) values (1, 'Ed', 'Stark', 'ed@winterfell.example');
    insert into tickets (id, customer_id) values (1, 1);
    insert into posts (ticket_id, number, subject, message) values (1, 1, 'Winter', 'is coming'), (1, 2, null, repeat('~/', 50000) || ' wolves');
    insert into posts (ticket_id, number, message, deleted_at) values (1, 3, '', now())`)
  const before = await ask('select id, version, updated_at, message from posts order by id')
  await migrate(connection)

  expect(await ask('select id, version, updated_at, message from posts order by id')).toEqual(before)
  const holds = (table: string, q: string) =>
    ask(`select id from ${table} where search_words @@ to_tsquery('simple', '${q}')`)
  expect(await holds('posts', 'winter')).toEqual([{ id: 1 }])
  expect(await holds('customers', 'winterfell')).toEqual([{ id: 1 }])
})
