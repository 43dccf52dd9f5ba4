// One search over tickets, posts and customers: what it finds, in which order, and how it shows it.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  archiveCustomer,
  archiveRequest,
  createCustomer,
  createPost,
  deletePost,
  editRequest,
  search,
  type SearchResult,
  updateCustomer,
  updatePost,
} from '../contract/index.ts'
import { openTestDesk } from './support/desk.ts'
import { sendTo } from './support/send.ts'

const desk = await openTestDesk()
const { as, given, rows, url } = desk
const operator = await given.operator()
const call = as(operator)

const find = async (q: string, more: { type?: SearchResult['type']; limit?: number } = {}) =>
  (await call(search, { query: { q, ...more } })).body
const named = ({ type, id }: Pick<SearchResult, 'type' | 'id'>) => `${type} ${id}`
const found = async (q: string, more = {}) => (await find(q, more)).results.map(named)
const marked = ({ highlight }: SearchResult) => highlight.filter(({ match }) => match).map(({ text }) => text)
const passage = ({ highlight }: SearchResult) => highlight.map(({ text }) => text).join('')

test('a ticket is found by its subject and its ask, a post by what it says, a customer by their name', async () => {
  const customer = await given.customer({
    first_name: 'Zacharias',
    last_name: 'Quill',
    company: 'Inkwell Ltd',
  })
  const ticket = await given.request({
    customer_id: customer.id,
    subject: 'The inkwell is dry',
    body: 'Since yesterday',
  })
  const post = await given.post(operator, { ticket_id: ticket.id, message: 'A new inkwell is on its way.' })

  const { count, results } = await find('inkwell')
  expect(count).toBe(3)
  expect(results).toEqual([
    {
      type: 'ticket',
      id: ticket.id,
      href: `/api/v1/tickets/${ticket.id}`,
      ticket_id: ticket.id,
      customer_id: customer.id,
      title: 'The inkwell is dry',
      highlight: [
        { text: 'The ', match: false },
        { text: 'inkwell', match: true },
        { text: ' is dry', match: false },
      ],
      internal: false,
      created_at: ticket.created_at,
      archived_at: null,
    },
    expect.objectContaining({
      type: 'post',
      id: post.id,
      href: `/api/v1/posts/${post.id}`,
      ticket_id: ticket.id,
      customer_id: customer.id,
      title: 'The inkwell is dry',
    }),
    expect.objectContaining({
      type: 'customer',
      id: customer.id,
      href: `/api/v1/customers/${customer.id}`,
      ticket_id: null,
      customer_id: customer.id,
      title: 'Zacharias Quill',
    }),
  ])
  expect(results.map(marked)).toEqual([['inkwell'], ['inkwell'], ['Inkwell']])

  expect(await found('inkwell', { type: 'post' })).toEqual([`post ${post.id}`])
  expect(await found('inkwell', { type: 'ticket' })).toEqual([`ticket ${ticket.id}`])
  expect(await found('inkwell', { type: 'customer' })).toEqual([`customer ${customer.id}`])
  expect(await find('inkwell', { limit: 1 })).toMatchObject({ count: 3, results: [{ id: ticket.id }] })
})

test('every word counts: as it stands, by its stem in any of the languages, or as the beginning of one', async () => {
  const ask = (body: string) => given.request({ subject: 'Languages', body })
  const english = await ask('The harvesters were harvesting walnuts')
  const german = await ask('Die Kastanienbäume wurden gestern gefällt')
  const spanish = await ask('Las castañas llegaron congeladas')

  for (const q of [
    'harvesters',
    'harvest',
    'HARVESTED',
    'harv',
    'walnut harvesting',
    'wal har',
    'the walnuts',
  ])
    expect(await found(q), q).toEqual([`ticket ${english.id}`])
  for (const q of ['Kastanienbaum', 'kastanienbäumen', 'kastan', 'gefällt kastan'])
    expect(await found(q), q).toEqual([`ticket ${german.id}`])
  for (const q of ['castaña', 'congelada', 'congelados', 'cast cong'])
    expect(await found(q), q).toEqual([`ticket ${spanish.id}`])
  for (const q of ['walnut chestnut', 'arvest', 'walnut kastan', 'xyzzy'])
    expect(await find(q), q).toEqual({ count: 0, results: [] })
})

test('a stem is shown, too', async () => {
  await given.request({
    subject: 'Orchard',
    body: 'Die Druckerpatronen sind leer, und the cartridges were leaking badly.',
  })
  const [leaked] = (await find('leaked cartridge')).results
  expect(leaked && marked(leaked)).toEqual(['cartridges', 'leaking'])
  const [german] = (await find('druckerpatrone')).results
  expect(german && marked(german)).toEqual(['Druckerpatronen'])
})

test('subjects and names go before texts, whole words before stems, and then the newest', async () => {
  const ask = async (subject: string, body: string) => `ticket ${(await given.request({ subject, body })).id}`
  const stem = await ask('One', 'The lantern was bright.')
  const older = await ask('Two', 'These lanterns are bright.')
  const newer = await ask('Three', 'These lanterns are bright.')
  const subject = await ask('Lanterns', 'These are bright.')
  expect(await found('lanterns')).toEqual([subject, newer, older, stem])
})

test('a ticket is found by its number, before what holds that as a word', async () => {
  await rows(`select setval(pg_get_serial_sequence('tickets', 'id'), 70000)`)
  const ticket = await given.request({ subject: 'Ravens', body: 'They are late' })
  const older = await given.request({ subject: 'Owls', body: `Are they like those of ${ticket.id}?` })
  const both = [`ticket ${ticket.id}`, `ticket ${older.id}`]
  for (const q of [`#${ticket.id}`, ` ${ticket.id} `]) expect(await found(q), q).toEqual(both)
  expect(await find(`${ticket.id}`)).toMatchObject({ count: 2, results: [{ title: 'Ravens' }, {}] })
  expect(await found(`#${ticket.id}`, { type: 'post' })).toEqual([])
  expect(await found(`#${ticket.id} ravens`)).toEqual([])

  // Found both ways it is one.
  await rows(`update posts set message = 'I am ' || ticket_id where ticket_id = $1 and number = 1`, [
    ticket.id,
  ])
  expect(await find(`${ticket.id}`)).toMatchObject({ count: 2 })
  expect(await found(`${ticket.id}`)).toEqual(both)
  expect(await found('#999999999999999')).toEqual([])
})

test('customers are found by the parts of their addresses and numbers', async () => {
  const { id } = await given.customer({
    first_name: 'Brienne',
    last_name: "O'Tarth-Evenfall",
    email: 'brienne.blue@sapphire-isle.example',
    phone: '+442083661199',
    external_id: 'KX-99817',
    company: 'Oath & Keeper',
  })
  for (const q of [
    'brienne',
    "o'tarth",
    'evenfall',
    'tarth-evenfall',
    'brienne.blue@sapphire-isle.example',
    'brienne.blue@sapphire',
    'sapphire',
    '+442083661199',
    '+44 20 8366-1199',
    '442083661199',
    'KX-99817',
    'kx',
    '99817',
    'Keeper Brienne',
  ])
    expect(await found(q, { type: 'customer' }), q).toEqual([`customer ${id}`])

  await call(updateCustomer, { params: { id }, body: { last_name: 'Lannister' } })
  expect(await found('evenfall')).toEqual([])
  expect(await found('brienne lannister')).toEqual([`customer ${id}`])
})

test('what is edited is found by what it says now, and what is deleted is not found', async () => {
  const ticket = await given.request({ subject: 'Falcons', body: 'A peregrine' })
  await call(editRequest, { params: { id: ticket.id }, body: { body: 'A gyrfalcon' } })
  expect(await found('peregrine')).toEqual([])
  expect(await found('gyrfalcon')).toEqual([`ticket ${ticket.id}`])

  const post = await given.post(operator, { ticket_id: ticket.id, message: 'It is a merlin' })
  await call(updatePost, { params: { id: post.id }, body: { message: 'It is a kestrel' } })
  expect(await found('merlin')).toEqual([])
  expect(await found('kestrel')).toEqual([`post ${post.id}`])
  await call(deletePost, { params: { id: post.id } })
  expect(await find('kestrel')).toEqual({ count: 0, results: [] })
})

test('what is archived is found, and says so', async () => {
  const customer = await given.customer({ company: 'Obsidian Works' })
  const ticket = await given.request({ customer_id: customer.id, subject: 'Obsidian', status: 'COMPLETED' })
  const post = await given.post(operator, { ticket_id: ticket.id, message: 'More obsidian' })
  const archived = async () => (await find('obsidian')).results.map(({ archived_at }) => archived_at !== null)
  expect(await archived()).toEqual([false, false, false])
  await call(archiveRequest, { params: { id: ticket.id } })
  expect((await find('obsidian')).results.filter(({ archived_at }) => archived_at).map(named)).toEqual([
    `ticket ${ticket.id}`,
    `post ${post.id}`,
  ])
  await call(archiveCustomer, { params: { id: customer.id } })
  expect(await archived()).toEqual([true, true, true])
})

test('S35: what is written is text, never markup, and cannot pretend to be a match', async () => {
  const body = `<b>basilisk</b> <script>alert('basilisk')</script> \u0002cockatrice\u0003 &lt;i&gt; <mandrake>`
  await given.request({ subject: 'Beasts', body })
  const [beast] = (await find('basilisk')).results
  expect(beast && marked(beast)).toEqual(['basilisk', 'basilisk'])
  expect(beast && passage(beast)).not.toMatch(/\p{Cc}/u)
  const [other] = (await find('alert')).results
  expect(other && marked(other)).toEqual(['alert'])
  // What looks like markup was typed by somebody, and is found like any word.
  expect((await find('mandrake')).count).toBe(1)
  expect((await find('<mandrake>')).count).toBe(1)
})

test.each(['', ' ', '\t', '...', '<>', "'", '|&!:*()', 'x'.repeat(201)])('422 for %j', async (q) => {
  const { status } = await sendTo(url, {
    path: `/api/v1/search?q=${encodeURIComponent(q)}`,
    headers: { authorization: `Bearer ${operator.token}` },
  })
  expect(status).toBe(422)
})

test('422 without q, for a type that there is not, and for more than fifty', async () => {
  const statusOf = async (query: string) =>
    (
      await sendTo(url, {
        path: `/api/v1/search${query}`,
        headers: { authorization: `Bearer ${operator.token}` },
      })
    ).status
  expect(await statusOf('')).toBe(422)
  expect(await statusOf('?q=a&type=user')).toBe(422)
  expect(await statusOf('?q=a&limit=51')).toBe(422)
  expect(await statusOf('?q=a&sort=rank')).toBe(422)
  expect(await statusOf('?q=a&limit=50&type=post')).toBe(200)
})

test('S25 no input is an error of syntax, or gets out of its place', async () => {
  const before = await rows('select count(*) from posts')
  const bits = [
    `'`,
    `''`,
    `\\`,
    `\\'`,
    `"`,
    ':*',
    ':A',
    '&',
    '|',
    '!',
    '!!',
    '(',
    ')',
    '<->',
    '<2>',
    '--',
    '/*',
    ';',
    '%',
    '_',
    '$1',
    '$$',
    '\u0000',
    '\u0002',
    '\u0003',
    '\u0085',
    '\u2028',
    '\ud83d\udc3a',
    'İ',
    'ß',
    '東京',
    'à́',
    '-',
    '@',
    '.',
    '/',
    '://',
    '~/',
    'a_',
    '1@e',
    '<b>',
    '<!--',
    '&amp;',
    'winter',
    'x',
    '0',
    '1e9',
    '-1',
    'a.b',
    'a@b.cd',
    'http://a.b/c?d',
    'the',
    'und',
    "'); drop table posts; --",
    'StartSel',
    '"%s"',
  ]
  const typed = fc.oneof(
    fc.array(fc.constantFrom(...bits), { minLength: 1, maxLength: 30 }).map((some) => some.join('')),
    fc.array(fc.constantFrom(...bits), { minLength: 1, maxLength: 30 }).map((some) => some.join(' ')),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
  )
  await fc.assert(
    fc.asyncProperty(typed, async (q) => {
      const { status, text } = await sendTo(url, {
        path: `/api/v1/search?q=${encodeURIComponent(q.toWellFormed().slice(0, 200).toWellFormed())}`,
        headers: { authorization: `Bearer ${operator.token}` },
      })
      expect([200, 400, 422], text).toContain(status)
    }),
    { numRuns: 300 },
  )
  expect(await rows('select count(*) from posts')).toEqual(before)
})

test('only the first ten words count', async () => {
  const ten = 'one two three four five six seven eight nine ten'
  const { id } = await given.request({ subject: 'Numbers', body: ten })
  expect(await found(`${ten} eleven`)).toEqual([`ticket ${id}`])
  expect(await found(`eleven ${ten}`)).toEqual([])
})

test('a frequent word is counted up to 10,000, and the newest that hold it are ranked', async () => {
  const { id } = await given.request({ subject: 'Sparrows' })
  await rows(
    `insert into posts (ticket_id, number, message) select $1, n + 1, 'sparrow number ' || n from generate_series(1, 10050) n`,
    [id],
  )
  const { count, count_capped, results } = await find('sparrow', { type: 'post', limit: 3 })
  expect([count, count_capped]).toEqual([10_000, true])
  expect(results.map(passage)).toEqual([
    'sparrow number 10050',
    'sparrow number 10049',
    'sparrow number 10048',
  ])
  // Nothing else is newer than what holds it, or there is nothing to be found among the newest.
  await rows(
    `insert into posts (ticket_id, number, message) select $1, n + 20000, 'other' from generate_series(1, 21000) n`,
    [id],
  )
  expect((await find('sparrow', { type: 'post', limit: 50 })).results).toHaveLength(50)
  expect(await find('sparrow number 100', { type: 'post' })).toMatchObject({ count: 62 })
  // These rows have no past in the audit log, and openTestDesk looks for one in the end.
  await rows('delete from posts where ticket_id = $1 and number > 1', [id])
})

test('the words that are kept for searching stay where they are: in no reply, and in no audit row', async () => {
  const { body: customer } = await call(createCustomer, {
    body: { first_name: 'Nightingale', last_name: 'Song' },
  })
  const ticket = await given.request({ customer_id: customer.id, subject: 'Nightingale' })
  const { body: post } = await call(createPost, {
    params: { id: ticket.id },
    body: { message: 'Nightingale' },
  })
  await call(updatePost, { params: { id: post.id }, body: { message: 'Nightingales' } })
  await call(deletePost, { params: { id: post.id } })
  await call(updateCustomer, { params: { id: customer.id }, body: { last_name: 'Songs' } })
  expect(JSON.stringify([customer, post, await find('nightingale')])).not.toContain('search_words')
  expect(
    await rows(
      `select action from audit_events where coalesce(before, '{}') ? 'search_words' or coalesce(after, '{}') ? 'search_words'`,
    ),
  ).toEqual([])
})
