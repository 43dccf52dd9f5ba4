// A request as it goes over the wire, and as a line that anybody can paste into a shell.
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

export interface Sent {
  readonly method: string
  /** What stands between method and HTTP/1.1, character by character. */
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer | undefined
  /** On a connection of its own, which is closed after the reply: what is sent might end in the middle. */
  readonly alone?: boolean
}

export function header(sent: Sent, name: string): string | undefined {
  return sent.headers.find(([other]) => other.toLowerCase() === name)?.[1]
}

/** Replaces what bears the name; adds it where nothing does. */
export function withHeader(sent: Sent, name: string, value: string): Sent {
  return { ...withoutHeader(sent, name), headers: [...withoutHeader(sent, name).headers, [name, value]] }
}

export function withoutHeader(sent: Sent, name: string): Sent {
  return { ...sent, headers: sent.headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase()) }
}

/** HTTP/1.1 as bytes. Length and host are the sender's to say, so that a hostile one can lie. */
export function toBytes({ method, target, headers, body }: Sent): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines}\r\n`)
  return body ? Buffer.concat([head, body]) : head
}

/** `secrets` are shown as $TOKEN. */
export function curlLine(url: string, sent: Sent, secrets: ReadonlySet<string>): string {
  const words = ['curl', '-sS', '-i', '--max-time', '30', '--path-as-is']
  if (sent.method === 'HEAD') words.push('--head')
  else words.push('-X', quoted(sent.method))
  const plain = sent.target.startsWith('/') && !/[\s#[\]{}\\]/.test(sent.target)
  words.push(
    ...(plain ? [quoted(url + sent.target)] : ['--request-target', quoted(sent.target), quoted(url)]),
  )
  // What curl would send by itself is taken back where it is not sent here.
  if (header(sent, 'host') === undefined) words.push('-H', 'Host:')
  if (header(sent, 'content-type') === undefined && sent.body) words.push('-H', 'Content-Type:')
  const own = sent.headers.filter(([name]) => !/^content-length$/i.test(name))
  const isLong = own.flat().join('').length > 2_000
  const shown = isLong ? own.filter(([name]) => /^authorization$/i.test(name)) : own
  const others = own.filter((one) => !shown.includes(one)).map(([name, value]) => `${name}: ${value}\n`)
  for (const [name, value] of shown) words.push('-H', withToken(`${name}: ${value}`, secrets))
  if (isLong) words.push('-H', inFile(Buffer.from(others.join(''))))
  if (sent.body) words.push('--data-binary', bodyWord(sent.body))
  return words.join(' ')
}

function withToken(line: string, secrets: ReadonlySet<string>): string {
  const secret = [...secrets].find((candidate) => line.includes(candidate))
  if (secret === undefined) return quoted(line)
  const [before = '', after = ''] = line.split(secret)
  return `${quoted(before)}"$TOKEN"${after === '' ? '' : quoted(after)}`
}

/** Short text in the line itself; what is long, or no text, in a file beside it. */
function bodyWord(body: Buffer): string {
  const text = body.toString()
  if (body.length <= 2_000 && !text.includes('\0') && Buffer.from(text).equals(body)) return quoted(text)
  return inFile(body)
}

/** Named after what it holds, so that the same again leaves no second file behind. */
function inFile(bytes: Buffer): string {
  const folder = join(tmpdir(), `frontdesk-fuzz-parts-${userInfo().uid}`)
  const file = join(folder, createHash('sha256').update(bytes).digest('hex').slice(0, 16))
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, bytes)
  return `@${file}`
}

function quoted(text: string): string {
  return /^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
