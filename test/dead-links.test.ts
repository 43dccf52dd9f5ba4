import { expect, test } from 'vitest'
import { isUnavailable, openPool, ownersRights } from '../server/db/database.ts'
import { doorTo, outsideDatabase } from './support/outside-database.ts'
import { silentLog } from './support/silent-log.ts'

test('connections that fell silent are given up within seconds, and new ones take their place', async () => {
  const { url, silence } = await doorTo(await outsideDatabase())
  const pool = openPool({ connectionString: url.href }, silentLog, ownersRights, 4)
  const ask = () => pool.query('select pg_sleep(0.05)')
  await Promise.all([ask(), ask(), ask(), ask()])
  silence()
  const began = performance.now()
  const lost = await Promise.all(
    [ask(), ask(), ask(), ask()].map((answer) =>
      answer.then(
        () => undefined,
        (error: unknown) => error,
      ),
    ),
  )

  expect(lost.map(isUnavailable)).toEqual([true, true, true, true])
  expect(performance.now() - began).toBeLessThan(9_000)
  expect((await ask()).rowCount).toBe(1)
  await pool.end()
})
