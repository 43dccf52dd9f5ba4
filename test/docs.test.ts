import { get } from 'node:http'
import { expect, test } from 'vitest'
import { openTestDesk } from './support/desk.ts'

/** As fetch cannot: by any name. */
function ask(
  url: string,
  host: string,
): Promise<{ status?: number | undefined; location?: string | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const call = get(`${url}/docs`, { headers: { host } }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => void (text += part))
      answer.on('end', () => resolve({ status: answer.statusCode, location: answer.headers.location, text }))
    })
    call.on('error', reject)
  })
}

test('on this machine the documentation is at one name, the one that signing in comes back to', async () => {
  const { url } = await openTestDesk({ publicUrl: 'http://127.0.0.1:8000' })
  expect(await ask(url, 'localhost:8000')).toMatchObject({
    status: 302,
    location: 'http://127.0.0.1:8000/docs',
  })
  for (const host of ['127.0.0.1:8000', '127.0.0.1:9000', 'localhost:9000', 'evil.test:8000', '', '[', 'a b'])
    expect((await ask(url, host)).status, host).toBe(200)
})

test('over a network every name is the proxy’s affair', async () => {
  const { url } = await openTestDesk({ publicUrl: 'https://desk.test' })
  for (const host of ['localhost', 'desk.test', 'other.test']) expect((await ask(url, host)).status).toBe(200)
})

test('its page fits a phone', async () => {
  const { url } = await openTestDesk()
  expect((await ask(url, 'desk.test')).text).toContain('<meta name="viewport" content="width=device-width')
})
