// The process that reads pictures: kept for a while, bounded in time and number, and nobody's loss when it dies.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { afterAll, expect, test } from 'vitest'
import { openPictures, type Pictures } from '../server/files/pictures.ts'
import { picture } from './support/photos.ts'

const small = await picture()
const wanted = { sides: { large: 1024, small: 128 }, pointer: '/photo' }
const opened: Pictures[] = []
afterAll(() => opened.forEach((pictures) => pictures.close()))

function open(...limits: Parameters<typeof openPictures>) {
  const pictures = openPictures(...limits)
  opened.push(pictures)
  return pictures
}

const isLinux = process.platform === 'linux'

/** The processes that this one has started and that still run. */
const children = () =>
  readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number)

test('a picture of great effort is refused for good, and the next one is read', async () => {
  const pictures = open({ effort: 100 })
  await pictures.shrink(small, undefined, wanted)
  // Noise in many scans: seconds of work.
  const noise = sharp(randomBytes(4_000 * 4_000 * 3), { raw: { width: 4_000, height: 4_000, channels: 3 } })
  const great = await noise.jpeg({ progressive: true, quality: 70 }).toBuffer()
  await expect(pictures.shrink(great, undefined, wanted)).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining('takes too long to read; send a smaller one'),
  })
  expect((await pictures.shrink(small, undefined, wanted)).small.toString('latin1', 8, 12)).toBe('WEBP')
  expect((await open({ effort: 20_000 }).shrink(great, undefined, wanted)).small.length).toBeGreaterThan(0)
})

test.runIf(isLinux)(
  'a machine that is slow is not the picture’s fault, nor is a process that is killed; a crash is',
  async () => {
    const before = new Set(children())
    const pictures = open({ patience: 1_500 })
    const decoder = () => children().find((pid) => !before.has(pid)) ?? 0
    const during = async (...signals: NodeJS.Signals[]) => {
      await pictures.shrink(small, undefined, wanted)
      process.kill(decoder(), 'SIGSTOP')
      const answer = pictures.shrink(small, undefined, wanted)
      for (const signal of signals) process.kill(decoder(), signal)
      return answer.catch((error: unknown) => error)
    }
    const notNow = { status: 503, code: 'unavailable', headers: { 'retry-after': '1' } }
    const began = performance.now()
    expect(await during()).toMatchObject(notNow)
    expect(performance.now() - began).toBeGreaterThan(1_400)
    expect(await during('SIGKILL')).toMatchObject(notNow)
    for (const crash of ['SIGSEGV', 'SIGABRT'] as const)
      expect(await during(crash, 'SIGCONT')).toMatchObject({ status: 422 })
    expect((await pictures.shrink(small, undefined, wanted)).small.length).toBeGreaterThan(0)
  },
)

test(
  'a picture that takes too much memory is refused, and the next one is read',
  { timeout: 30_000 },
  async () => {
    const pictures = open({ effort: 20_000, patience: 20_000 })
    // Few bytes, of which all pixels must be there at once, each of eight bytes: 200 MB before any is made smaller.
    const [width, height, channels] = [5_000, 5_000, 4] as const
    const hungry = await sharp(new Uint16Array(width * height * channels).fill(8_000), {
      raw: { width, height, channels },
    })
      .toColourspace('rgb16')
      .png({ progressive: true })
      .toBuffer()
    await expect(pictures.shrink(hungry, undefined, wanted)).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('takes too much memory to read'),
    })
    expect((await pictures.shrink(small, undefined, wanted)).small.length).toBeGreaterThan(0)
  },
)

test.runIf(isLinux)(
  'of many at once only two are read at a time, and those beyond the queue are told to come again',
  async () => {
    const before = children().length
    const pictures = open()
    let most = 0
    const looking = setInterval(() => (most = Math.max(most, children().length - before)), 5)
    const answers = await Promise.allSettled(
      Array.from({ length: 40 }, () => pictures.shrink(small, 'image/png', wanted)),
    )
    clearInterval(looking)
    expect(most).toBeLessThanOrEqual(2)
    const refused = answers.filter((answer) => answer.status === 'rejected')
    expect(refused).toHaveLength(40 - 2 - 16)
    expect(refused[0]?.reason).toMatchObject({ status: 503, code: 'overloaded' })
  },
)

test.runIf(isLinux)(
  'the process is kept for the next picture, goes when there is none, and its death is nobody else’s',
  async () => {
    const before = new Set(children())
    const pictures = open({ keptFor: 150 })
    const own = () => children().filter((pid) => !before.has(pid))
    await pictures.shrink(small, undefined, wanted)
    const [first = 0] = own()
    await pictures.shrink(small, undefined, wanted)
    expect(own()).toEqual([first])
    process.kill(first, 'SIGKILL')
    await expect.poll(own).toEqual([])
    await pictures.shrink(small, undefined, wanted)
    expect(own()).not.toContain(first)
    await expect.poll(own).toEqual([])
  },
)

test.runIf(isLinux)('it knows none of our secrets', async () => {
  process.env['SECRET_KEY'] = 'a secret that the decoder must not know'
  const before = new Set(children())
  await open().shrink(small, undefined, wanted)
  const [pid] = children().filter((child) => !before.has(child))
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
  expect(environment).toContain('VIPS_DISC_THRESHOLD')
  expect(environment).not.toContain('SECRET_KEY')
  delete process.env['SECRET_KEY']
})
