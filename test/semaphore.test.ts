import { expect, test, vi } from 'vitest'
import { semaphore } from '../server/semaphore.ts'

test('two run at once, the others in the order they came, and nobody is forgotten when one fails', async () => {
  const withPermit = semaphore({ atOnce: 2, waiting: 10 }, () => new Error('full'))
  let running = 0
  let most = 0
  const begun: number[] = []
  const results = await Promise.allSettled(
    Array.from({ length: 9 }, (_, i) =>
      withPermit(async () => {
        begun.push(i)
        most = Math.max(most, (running += 1))
        await new Promise(setImmediate)
        running -= 1
        if (i === 3) throw new Error('failed')
        return i
      }),
    ),
  )
  expect(most).toBe(2)
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  expect(results.map((result) => result.status).filter((status) => status === 'rejected')).toHaveLength(1)
  expect(await withPermit(() => Promise.resolve('free again'))).toBe('free again')
})

test('whoever finds no place to wait is refused at once', async () => {
  const withPermit = semaphore({ atOnce: 1, waiting: 1 }, () => new Error('full'))
  const until = Promise.withResolvers<void>()
  const first = withPermit(() => until.promise)
  const second = withPermit(() => Promise.resolve('second'))
  await expect(withPermit(() => Promise.resolve('third'))).rejects.toThrow('full')
  until.resolve()
  await first
  expect(await second).toBe('second')
})

test('whoever has waited too long is refused, and the next one runs instead', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const withPermit = semaphore({ atOnce: 1, waiting: 10, patience: 1_000 }, () => new Error('full'))
  const until = Promise.withResolvers<void>()
  const first = withPermit(() => until.promise)
  const second = withPermit(() => Promise.resolve('second')).catch((error: Error) => error.message)
  vi.advanceTimersByTime(600)
  const third = withPermit(() => Promise.resolve('third'))
  vi.advanceTimersByTime(600)
  vi.useRealTimers()
  expect(await second).toBe('full')
  until.resolve()
  await first
  expect(await third).toBe('third')
})
