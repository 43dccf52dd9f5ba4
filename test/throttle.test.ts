import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { throttle } from '../server/feed/throttle.ts'

test('what is called meanwhile becomes one run more, which begins after it, and never beside another', async () => {
  const runs: { began: number; ended?: number }[] = []
  const soon = throttle(30, async () => {
    const run: (typeof runs)[number] = { began: performance.now() }
    runs.push(run)
    await pause(10)
    run.ended = performance.now()
  })

  const first = soon()
  await pause(5)
  const called = performance.now()
  const others = Array.from({ length: 100 }, () => soon())
  await first
  expect(runs).toHaveLength(1)
  await Promise.all(others)

  expect(runs).toHaveLength(2)
  expect(runs[1]?.began).toBeGreaterThanOrEqual(called)
  expect(runs[1]?.began).toBeGreaterThanOrEqual(runs[0]?.ended ?? Infinity)
  expect((runs[1]?.began ?? 0) - (runs[0]?.began ?? 0)).toBeGreaterThanOrEqual(29)
})

test('whoever calls hears that it failed, and the next run is tried all the same', async () => {
  let runs = 0
  const soon = throttle(0, async () => {
    runs += 1
    if (runs === 1) throw new Error('The first one fails')
  })
  const both = [soon(), soon()]
  expect(await Promise.allSettled(both)).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }])
  await soon()
  expect(runs).toBe(2)
})
