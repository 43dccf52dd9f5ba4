// What a person does by a link in a mail, in a real browser, at the size of a phone.
import type { Page } from 'playwright-core'
import { afterAll, expect, test } from 'vitest'
import { changeMyEmail, createToken, createUser, getUser, updateUser } from '../../contract/index.ts'
import { launchChromium } from '../support/chromium.ts'
import { openTestDesk } from '../support/desk.ts'
import { secretIn } from '../support/kept-mails.ts'

const desk = await openTestDesk({ publicUrl: 'http://127.0.0.1:8000' })
const browser = await launchChromium()
afterAll(() => browser.close())
const password = 'keep-yourself-warm'
const next = 'and-stay-warm-all-winter'
const admin = await desk.given.user({ role: 'admin', username: 'the-admin', password })

/** A page in a browser of its own; what its console complains of, but for refusals that it shows, fails the test. */
async function onPage(path: string, work: (page: Page) => Promise<void>) {
  const context = await browser.newContext({ baseURL: desk.url, viewport: { width: 360, height: 640 } })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' && !/ 4(?:00|22) /.test(message.text())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(path)
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
  await work(page)
  expect(complaints).toEqual([])
  await context.close()
}

async function choose(page: Page, secret: string, again = secret) {
  await page.getByLabel(/^(New p|P)assword$/).fill(secret)
  await page.getByLabel('Password again').fill(again)
  await page.keyboard.press('Enter')
}

const isDone = async (page: Page) => {
  await page.getByRole('heading', { level: 2 }).waitFor()
  await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('done')
  expect(page.url(), 'the secret is out of the history').not.toContain('#')
}

const signsIn = async (username: string, secret: string) =>
  (await desk.anonymous(createToken, { body: { username, password: secret } })).status

test('a forgotten password: asked for, mailed, chosen, and used to sign in', async () => {
  const { id, username } = await desk.given.user({ password })
  await desk.as(admin)(updateUser, { params: { id }, body: { email: 'jon@wall.example' } })
  await onPage('/sign-in', async (page) => {
    await page.getByRole('link', { name: 'Forgot your password?' }).click()
    await page.getByLabel('E-mail address').fill('jon@wall.example')
    await page.keyboard.press('Enter')
    await isDone(page)
  })
  const [mail] = await desk.mails()
  const token = secretIn(mail)
  await onPage(`/reset-password#${token}`, async (page) => {
    await choose(page, next, 'another')
    const alert = page.getByRole('alert')
    await alert.waitFor()
    expect(await alert.textContent()).toBe('The two passwords are not the same.')
    await choose(page, 'short')
    await expect.poll(() => alert.textContent()).toBe('password must have at least 8 characters')
    await choose(page, next)
    await isDone(page)
    await page.getByRole('link', { name: 'Sign in' }).click()
    await page.waitForURL('**/sign-in')
  })
  expect(await signsIn(username, next)).toBe(200)
  await onPage(`/reset-password#${token}`, async (page) => {
    await choose(page, next)
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toContain('This link is used up')
    await page.getByRole('link', { name: 'Ask for a new one' }).click()
    await page.waitForURL('**/forgot-password')
  })
})

test('an invitation, accepted', async () => {
  const body = {
    username: 'arya',
    email: 'arya@wall.example',
    first_name: 'A',
    last_name: 'S',
    role: 'operator' as const,
  }
  await desk.as(admin)(createUser, { body })
  const mail = (await desk.mails()).find(({ to }) => to === body.email)
  await onPage(`/accept-invitation#${secretIn(mail)}`, async (page) => {
    await choose(page, password)
    await isDone(page)
  })
  expect(await signsIn('arya', password)).toBe(200)
})

test('a new e-mail address, confirmed by a button and not by opening the page', async () => {
  const user = await desk.given.user({ password })
  await desk.as(user)(changeMyEmail, { body: { email: 'new@wall.example' } })
  const [mail] = await desk.mails()
  const email = async () => (await desk.as(admin)(getUser, { params: { id: user.id } })).body.email
  await onPage('/sign-in', async (page) => {
    await page.getByLabel('Username').fill(user.username)
    await page.getByLabel('Password').fill(password)
    await page.keyboard.press('Enter')
    await page.waitForURL(({ pathname }) => pathname !== '/sign-in', { waitUntil: 'commit' })
    await page.goto(`/confirm-email#${secretIn(mail)}`)
    await page.waitForLoadState('networkidle')
    expect(await email()).toBeNull()
    await page.getByRole('button', { name: 'Confirm' }).click()
    await isDone(page)
  })
  expect(await email()).toBe('new@wall.example')
})

test('a link that lost its secret says so, and offers nothing to fill in', async () => {
  for (const path of ['/reset-password', '/accept-invitation', '/confirm-email']) {
    await onPage(path, async (page) => {
      await page.getByText('the part behind the # is missing').waitFor()
      expect(await page.getByRole('button').count()).toBe(0)
    })
  }
})
