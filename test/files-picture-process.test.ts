// The process that decodes pictures, spoken to directly, without the look at their first bytes that pictures.ts takes before:
// its decoders are the second lock, and must hold alone.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Answer, Question } from '../server/files/picture-protocol.ts'
import { picture } from './support/photos.ts'

const program = fileURLToPath(new URL('../server/files/picture-process.ts', import.meta.url))

let child: ChildProcess
beforeAll(async () => {
  child = fork(program, { serialization: 'advanced', execArgv: [] })
  await once(child, 'message')
})
afterAll(() => void child.kill('SIGKILL'))

async function ask(bytes: Buffer): Promise<Answer> {
  const answered = once(child, 'message')
  child.send({ bytes, effort: 20_000, sides: [64] } satisfies Question)
  const [answer] = (await answered) as [Answer]
  return answer
}

const plain = () => sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'

// An SVG as text is refused for its markup already; packed, only the decoder can tell.
const others = {
  gif: await plain().gif().toBuffer(),
  tiff: await plain().tiff().toBuffer(),
  svg: gzipSync(svg),
  heif: await plain().heif({ compression: 'av1' }).toBuffer(),
}

test.each(Object.entries(others))('S21 no decoder of it reads a whole and harmless %s', async (_, bytes) => {
  expect(await ask(bytes)).toEqual({ refusal: 'must be a whole picture that can be read' })
})

test.each(Object.entries(others))(
  'control: with all decoders that %s is a picture',
  async (format, bytes) => {
    expect((await sharp(bytes).metadata()).format).toBe(format)
    await expect(sharp(bytes).webp().toBuffer()).resolves.toBeInstanceOf(Buffer)
  },
)

test.each(['jpeg', 'png', 'webp'] as const)('control: it reads a %s', async (format) => {
  expect(await ask(await picture(format))).toEqual({ pictures: [expect.any(Uint8Array)] })
})
