// Signing in as a person does: in a real browser, at the size of a phone.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { afterAll, expect, test } from 'vitest'
import { launchChromium } from '../support/chromium.ts'
import { openTestDesk } from '../support/desk.ts'

const desk = await openTestDesk({ publicUrl: 'http://127.0.0.1:8000' })
const browser = await launchChromium()
afterAll(() => browser.close())
const password = 'keep-yourself-warm'

/** A page in a browser of its own; what its console complains of fails the test. */
async function newPage(): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ baseURL: desk.url, viewport: { width: 360, height: 640 } })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    // A refused sign-in is told by the page itself.
    if (message.type() === 'error' && !message.text().includes('401')) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  return { page, complaints }
}

async function signIn(page: Page, username: string, typed: string) {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password').fill(typed)
  await page.keyboard.press('Enter')
}

test('one signs in by keyboard, and goes on to where one wanted to go; no script can read what lets one in', async () => {
  const { username } = await desk.given.user({ password })
  const { page, complaints } = await newPage()
  await page.goto('/sign-in?return_to=/api/v1/me')
  await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('username')
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
  await signIn(page, username, password)
  await page.waitForURL(({ pathname }) => pathname === '/api/v1/me')
  expect(JSON.parse((await page.textContent('pre')) ?? '')).toMatchObject({ username })

  await page.goto('/sign-in')
  expect(await page.evaluate('document.cookie')).toBe('')
  const [cookie] = await page.context().cookies()
  expect(cookie).toMatchObject({ name: 'frontdesk', httpOnly: true, sameSite: 'Lax', path: '/' })
  expect(complaints).toEqual([])
  await page.context().close()
})

test('a wrong password is said, also to a screen reader, and can be typed over at once', async () => {
  const { username } = await desk.given.user({ password })
  const { page, complaints } = await newPage()
  await page.goto('/sign-in')
  await signIn(page, username, 'wrong')
  const alert = page.getByRole('alert')
  await alert.waitFor()
  expect(await alert.textContent()).toBe('Username or password is wrong.')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.waitForURL(({ pathname }) => pathname.startsWith('/docs'))
  expect(complaints).toEqual([])
  await page.context().close()
})

test('S13 a link of somebody else leads to no other site after signing in', async () => {
  const { username } = await desk.given.user({ password })
  for (const wanted of [
    '//evil.test',
    '/.//evil.test',
    '/%5cevil.test',
    'https://evil.test',
    'javascript:alert(1)',
  ]) {
    const { page } = await newPage()
    await page.goto(`/sign-in?return_to=${encodeURIComponent(wanted)}`)
    await signIn(page, username, password)
    await page.waitForURL(({ pathname }) => pathname !== '/sign-in')
    expect(new URL(page.url()).origin, wanted).toBe(desk.url)
    await page.context().close()
  }
})

test('S38 a page of another site changes nothing, though the browser is signed in', async () => {
  const { username, id } = await desk.given.user({ password })
  const { page } = await newPage()
  await page.goto('/sign-in?return_to=/api/v1/me')
  await signIn(page, username, password)
  await page.waitForURL(({ pathname }) => pathname === '/api/v1/me')
  // On the same host and another port: the browser sends it the cookie, too.
  const other = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(
      `<form method="post" action="${desk.url}/api/v1/me/reauthentication"><button>Win</button></form>`,
    )
  })
  await once(other.listen(0, '127.0.0.1'), 'listening')
  await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`)
  await page.getByRole('button').click()
  await page.waitForURL('**/reauthentication')
  expect(await page.textContent('body')).toContain('only from the pages of Frontdesk itself')
  await page.goto(`${desk.url}/api/v1/me`)
  expect(JSON.parse((await page.textContent('pre')) ?? '')).toMatchObject({ id })
  await page.context().close()
  other.close()
})
