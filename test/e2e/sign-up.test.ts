// Signing up as a person does, in a real browser at the size of a phone: from the page for signing in and back to it, in.
import { afterAll, expect, test } from 'vitest'
import { launchChromium } from '../support/chromium.ts'
import { openTestDesk } from '../support/desk.ts'
import { secretIn } from '../support/kept-mails.ts'

const desk = await openTestDesk({ publicUrl: 'http://127.0.0.1:8000' })
const browser = await launchChromium()
afterAll(() => browser.close())
const password = 'keep-yourself-warm'

test('somebody signs up, is told what is wrong until all is right, confirms the address, and signs in', async () => {
  await desk.given.user({ username: 'taken' })
  const context = await browser.newContext({ baseURL: desk.url, viewport: { width: 360, height: 640 } })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' && !/ 4(?:09|22) /.test(message.text())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  const alert = page.getByRole('alert')
  const send = () => page.getByRole('button', { name: 'Sign up' }).click()

  // A session that ended long ago is in nobody's way.
  await context.addCookies([{ name: 'frontdesk', value: 'fdb_ended', url: desk.url }])
  await page.goto('/sign-in')
  await page.getByRole('link', { name: 'Sign up' }).click()
  await page.waitForURL('**/sign-up')
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)

  await page.getByLabel('Username').fill('taken')
  await page.getByLabel('E-mail address').fill('lyly@yopmail.com')
  await page.getByLabel('Password', { exact: true }).fill('short')
  await page.getByLabel('Password again').fill('other')
  await send()
  await expect.poll(() => alert.textContent()).toBe('The two passwords are not the same.')
  await page.getByLabel('Password again').fill('short')
  await send()
  await expect.poll(() => alert.textContent()).toBe('password must have at least 8 characters')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByLabel('Password again').fill(password)
  await send()
  await expect.poll(() => alert.textContent()).toBe('Another user has the username taken.')
  await page.getByLabel('Username').fill('Lyly')
  await send()
  await page.getByRole('heading', { name: 'Look into your mail' }).waitFor()
  await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('done')
  await page.getByRole('link', { name: 'Sign in' }).click()
  await page.waitForURL('**/sign-in')
  await page.getByLabel('Username').fill('Lyly')
  await page.getByLabel('Password').fill(password)
  await page.keyboard.press('Enter')
  await page.waitForURL(({ pathname }) => pathname !== '/sign-in', { waitUntil: 'commit' })

  await page.goto(`/confirm-email#${secretIn((await desk.mails())[0])}`)
  await page.getByRole('button', { name: 'Confirm' }).click()
  await page.getByRole('heading', { name: 'Done' }).waitFor()
  await desk.mails()
  expect(
    await desk.rows(
      `select users.email, customers.email as known_by from users join customers on user_id = users.id where username = 'Lyly'`,
    ),
  ).toEqual([{ email: 'lyly@yopmail.com', known_by: 'lyly@yopmail.com' }])
  expect(complaints).toEqual([])
  await context.close()
})
