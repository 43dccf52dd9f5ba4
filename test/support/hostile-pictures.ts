// Files that are no pictures, or that are made to hurt whoever reads them as such.
import { randomBytes } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { picture } from './photos.ts'

interface Hostile {
  /** What its sender says it is. */
  readonly type: string
  readonly bytes: Buffer
  readonly status: 413 | 415 | 422
}

const text = (type: string, content: string, status: 415 | 422 = 415) => ({
  type,
  bytes: Buffer.from(content, 'latin1'),
  status,
})

const gif =
  'GIF89a/*\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;*/=1;alert(1)'
const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
const html = '<!doctype html><script>alert(document.domain)</script>'

/** What S20 of the security cases names: each must be refused whatever it calls itself. */
export async function impostors(): Promise<Record<string, Hostile>> {
  const [jpeg, png, webp] = await Promise.all([picture('jpeg'), picture('png'), picture('webp')])
  const png415 = (content: string) => text('image/png', content)
  return {
    'an SVG': text('image/svg+xml', svg),
    'an SVG said to be PNG': png415(svg),
    'a page said to be JPEG': text('image/jpeg', html),
    'a page said to be WebP': text('image/webp', html),
    'a GIF': text('image/gif', gif),
    'a GIF that is a script, said to be PNG': png415(gif),
    'a TIFF said to be PNG': png415('II*\0\x08\0\0\0\x01\0\0\x01\x03\0\x01\0\0\0\x01\0\0\0\0\0\0\0'),
    'a PDF said to be PNG': png415('%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj'),
    'a HEIF said to be JPEG': text('image/jpeg', '\0\0\0\x18ftypheic\0\0\0\0mif1heic'),
    'an ImageMagick script said to be PNG': png415(
      'push graphic-context\nimage over 0,0 0,0 "label:@/etc/passwd"',
    ),
    'a PHP said to be PNG': png415('<?php system($_GET[0]);'),
    'random bytes said to be PNG': { type: 'image/png', bytes: randomBytes(4_000), status: 415 },
    'a JPEG said to be PNG': { type: 'image/png', bytes: jpeg, status: 415 },
    'a PNG said to be WebP': { type: 'image/webp', bytes: png, status: 415 },
    'a page that begins like a JPEG': text('image/jpeg', `\xff\xd8\xff${html}`, 422),
    'an SVG that begins like a PNG': text('image/png', `\x89PNG\r\n\x1a\n${svg}`, 422),
    'a JPEG that is a page, too': {
      type: 'image/jpeg',
      bytes: Buffer.concat([jpeg, Buffer.from(html)]),
      status: 422,
    },
    'a PNG that is an archive, too': {
      type: 'image/png',
      bytes: Buffer.concat([png, Buffer.from('PK\x05\x06'), Buffer.alloc(18)]),
      status: 422,
    },
    'a WebP that is a script, too': {
      type: 'image/webp',
      bytes: Buffer.concat([webp, Buffer.from('<?php system($_GET[0]);')]),
      status: 422,
    },
  }
}

/** What S21 names: a decoder is kept busy, fed half a file, or asked for more memory than there is. */
export async function torments(): Promise<Record<string, Hostile>> {
  const noise = await sharp(randomBytes(600 * 400 * 3), { raw: { width: 600, height: 400, channels: 3 } })
    .toColourspace('srgb')
    .raw()
    .toBuffer()
  const noisy = () => sharp(noise, { raw: { width: 600, height: 400, channels: 3 } })
  const [jpeg, png, webp, animated] = await Promise.all([
    noisy().jpeg().toBuffer(),
    noisy().png().toBuffer(),
    noisy().webp().toBuffer(),
    manyFrames(1_000),
  ])
  const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)
  const whole = { status: 422 } as const
  return {
    'a PNG of 50,000 x 50,000 pixels': { type: 'image/png', bytes: png50000(), ...whole },
    'a PNG of 24 megapixels whose pixels are missing': {
      type: 'image/png',
      bytes: pngOf(6_000, 4_000, Buffer.alloc(9)),
      ...whole,
    },
    'a PNG of 5,001 x 5,001 pixels': {
      type: 'image/png',
      bytes: await picture('png', { width: 5_001, height: 5_001 }),
      ...whole,
    },
    'a WebP of 1,000 frames': { type: 'image/webp', bytes: animated, ...whole },
    'half a JPEG': { type: 'image/jpeg', bytes: half(jpeg), ...whole },
    'half a PNG': { type: 'image/png', bytes: half(png), ...whole },
    'half a WebP': { type: 'image/webp', bytes: half(webp), ...whole },
    'the beginning of a JPEG': { type: 'image/jpeg', bytes: jpeg.subarray(0, 4), ...whole },
    'the beginning of a PNG': { type: 'image/png', bytes: png.subarray(0, 8), ...whole },
    'the beginning of a WebP': { type: 'image/webp', bytes: webp.subarray(0, 12), ...whole },
    'a PNG with a text that unpacks to 100 MB': { type: 'image/png', bytes: pngWithHugeText(), ...whole },
    'more than 5 MiB': {
      type: 'image/png',
      bytes: Buffer.concat([png, Buffer.alloc(5 * 1024 * 1024)]),
      status: 413,
    },
    nothing: { type: 'image/png', bytes: Buffer.alloc(0), ...whole },
  }
}

async function manyFrames(count: number): Promise<Buffer> {
  const raw = Buffer.alloc(8 * 8 * 3 * count)
  for (let frame = 0; frame < count; frame += 1) raw.fill(frame % 256, frame * 192, (frame + 1) * 192)
  return sharp(raw, { raw: { width: 8, height: 8 * count, channels: 3, pageHeight: 8 } })
    .webp({ loop: 0, delay: Array.from({ length: count }, () => 20) })
    .toBuffer()
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}

/** `pixels`: deflated, whether they suffice or not. */
function pngOf(width: number, height: number, pixels: Buffer, others: readonly Buffer[] = []): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const begin = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  return Buffer.concat([
    begin,
    chunk('IHDR', head),
    ...others,
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const png50000 = () => pngOf(50_000, 50_000, Buffer.alloc(1_000_000))

/** The picture itself is cut short, so that it is refused whichever comes first. */
function pngWithHugeText(): Buffer {
  const huge = Buffer.concat([
    Buffer.from('Comment\0\0', 'latin1'),
    deflateSync(Buffer.alloc(100_000_000, 65)),
  ])
  return pngOf(4_000, 4_000, Buffer.alloc(100), [chunk('zTXt', huge)])
}
