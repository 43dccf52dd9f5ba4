// How long a person waits for the first answer: on an empty DATA_DIR, and on one that is there already.
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startProduct } from './product.ts'
import { median } from './report.ts'

const times = 5

export async function measureStarts(folder: string): Promise<{ first: number; again: number }> {
  const first: number[] = []
  const again: number[] = []
  for (let time = 0; time < times; time += 1) {
    const own = await mkdtemp(join(folder, 'start-'))
    first.push(await startOnce(own))
    again.push(await startOnce(own))
    await rm(own, { recursive: true, force: true })
  }
  return { first: median(first), again: median(again) }
}

async function startOnce(folder: string): Promise<number> {
  const product = await startProduct(folder)
  await product.stop()
  return product.startMilliseconds
}
