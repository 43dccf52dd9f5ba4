// The process that decodes pictures, and nothing else: strangers' bytes meet the decoders here, where a crash or a hang costs
// nobody anything. It answers each message with one of its own; pictures.ts asks, and ends it.
import sharp, { type Sharp } from 'sharp'
import { isPolyglot } from './picture-rules.ts'
import { type Answer, memoryAtMost, pixelsAtMost, type Question } from './picture-protocol.ts'

sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer'],
})
sharp.concurrency(1)
sharp.cache(false)

const die = () => process.kill(process.pid, 'SIGKILL')

process.on('disconnect', die)
process.on('message', (question: Question) => void reply(question))
process.send?.('ready')

/** What is being answered, and how much CPU time had been spent before it. */
let current: { readonly effort: number; readonly before: NodeJS.CpuUsage } | undefined

async function reply(question: Question) {
  current = { effort: question.effort, before: process.cpuUsage() }
  const found = await answer(question)
  if (current) process.send?.(found)
  current = undefined
}

// The decoders work on other threads than this one, whose CPU time counts as well.
setInterval(() => {
  if (process.memoryUsage.rss() > memoryAtMost) giveUp('takes too much memory to read; send a smaller one')
  else if (current && spent(current.before) > current.effort)
    giveUp('takes too long to read; send a smaller one')
}, 20)

function spent(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** Killed, since an orderly exit would wait for the decoders' threads. */
function giveUp(refusal: string) {
  if (current) process.send?.({ refusal, last: true } satisfies Answer, die)
  else die()
  current = undefined
}

async function answer({ bytes, sides }: Question): Promise<Answer> {
  if (isPolyglot(bytes)) return { refusal: 'must be a picture and nothing else besides' }
  try {
    const input = { limitInputPixels: pixelsAtMost, failOn: 'error' } as const
    const { pages = 1, width, height } = await sharp(bytes, { ...input, limitInputPixels: false }).metadata()
    if (pages > 1) return { refusal: 'must not be animated' }
    if (width * height > pixelsAtMost) return { refusal: 'must have at most 25 megapixels' }
    // Metadata is left behind, but for the orientation and the colors, which are made true of the pixels themselves.
    const { data, info } = await fitted(sharp(bytes, input).autoOrient(), Math.max(...sides))
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
    const pixels = () =>
      sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
    const pictures: Buffer[] = []
    for (const side of sides) pictures.push(await fitted(pixels(), side).webp({ quality: 80 }).toBuffer())
    return { pictures }
  } catch {
    return { refusal: 'must be a whole picture that can be read' }
  }
}

function fitted(picture: Sharp, side: number): Sharp {
  return picture.resize(side, side, { fit: 'inside', withoutEnlargement: true })
}
