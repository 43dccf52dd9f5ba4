// Reads the curl commands of a Markdown file, each with the JSON that stands below it, as a person would type and see them.

import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/** What curl sends: a text, a file, or a form. */
type Sendable = string | Uint8Array<ArrayBuffer> | FormData

export interface Step {
  readonly title: string
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Sendable | undefined
  /** Status and headers below the command, or undefined where none are promised. */
  readonly head: { readonly status: number; readonly headers: Readonly<Record<string, string>> } | undefined
  /** The JSON below the command, or undefined where none is promised. */
  readonly reply: unknown
}

/** Every ```sh block that begins with curl, with the ```json block that follows under the same heading. */
export function stepsOf(markdown: string): Step[] {
  return markdown.split(/^### /m).flatMap((section) => {
    const title = section.split('\n', 1)[0] ?? ''
    const command = /^```sh\n(curl [\s\S]*?)^```/m.exec(section)?.[1]
    if (command === undefined || title.startsWith('#')) return []
    const reply = /^```json\n([\s\S]*?)^```/m.exec(section)?.[1]
    const head = /^```http\n([\s\S]*?)^```/m.exec(section)?.[1]
    return [
      {
        title,
        ...readCurl(command),
        head: head === undefined ? undefined : readHead(head),
        reply: reply === undefined ? undefined : JSON.parse(reply),
      },
    ]
  })
}

function readHead(text: string) {
  const [first = '', ...lines] = text.trim().split('\n')
  const headers = lines.map((line) => {
    const [name = '', ...value] = line.split(':')
    return [name.toLowerCase(), value.join(':').trim()] as const
  })
  return { status: Number(first.split(' ')[1]), headers: Object.fromEntries(headers) }
}

/** What curl finds behind an @, from the folder of the project. */
const file = (path: string) => new Uint8Array(readFileSync(new URL(`../../${path}`, import.meta.url)))

const types: Readonly<Record<string, string>> = { jpg: 'image/jpeg' }

/** `-F name=value`, or `-F name=@file`, whose type curl tells by its name. */
function addTo(form: FormData, part: string) {
  const [name = '', ...rest] = part.split('=')
  const value = rest.join('=')
  if (!value.startsWith('@')) return form.append(name, value)
  const path = value.slice(1)
  const type = types[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
  return form.append(name, new File([file(path)], basename(path), { type }))
}

/** Of curl's flags those that change what a person sees, not what is sent. */
const forTheEye = ['-i', '-s', '-N']

function readCurl(command: string) {
  const [, ...words] = shellWords(command)
  const headers: Record<string, string> = {}
  let method: string | undefined
  let url: URL | undefined
  let body: Sendable | undefined
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '-X') method = words.shift()
    else if (word === '-d') body = words.shift()
    else if (word === '--data-binary') body = file((words.shift() ?? '').slice(1))
    else if (word === '-o') words.shift()
    else if (word === '-F') {
      const form: FormData = body instanceof FormData ? body : new FormData()
      addTo(form, words.shift() ?? '')
      body = form
    } else if (word === '-H') {
      const [name = '', ...value] = (words.shift() ?? '').split(':')
      headers[name.toLowerCase()] = value.join(':').trim()
    } else if (forTheEye.includes(word)) continue
    else if (word.startsWith('-')) throw new Error(`The walkthrough's reader does not know ${word}`)
    else url = new URL(word)
  }
  if (!url) throw new Error(`No URL in ${command}`)
  return { method: method ?? (body === undefined ? 'GET' : 'POST'), url, headers, body }
}

/** Words as a shell splits them: quotes of both kinds, and lines that go on behind a backslash. */
function shellWords(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|"((?:[^"\\]|\\.)*)"|(\\\n)|([^\s'"\\]+)/g)].flatMap(
    ([, single, double, , plain]) => {
      const word = single ?? double ?? plain
      return word === undefined ? [] : [word]
    },
  )
}
