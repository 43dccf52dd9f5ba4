// Trying a call out in the documentation, as a person does in a real browser: Swagger UI signs in through OAuth.
import { afterAll, expect, test } from 'vitest'
import { listMyGrants } from '../../contract/index.ts'
import { launchChromium } from '../support/chromium.ts'
import { openTestDesk } from '../support/desk.ts'
import { freePort } from '../support/desk-process.ts'

// Where the browser finds it is what it says of itself: signing in comes back there.
const port = await freePort()
const desk = await openTestDesk({ port, publicUrl: `http://127.0.0.1:${port}` })
const browser = await launchChromium()
afterAll(() => browser.close())
const password = 'keep-yourself-warm'

test(
  'who signs in there and allows it tries calls out as themselves, with the scopes that they chose',
  { timeout: 60_000 },
  async () => {
    const user = await desk.given.user({ role: 'operator', password })
    const { id } = await desk.given.customer()
    const context = await browser.newContext({ baseURL: desk.url })
    const page = await context.newPage()
    const complaints: string[] = []
    context.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    context.on('weberror', (error) => complaints.push(error.error().message))

    await page.goto('/docs')
    await page.getByRole('button', { name: 'Authorize' }).first().click()
    const flow = page.locator('.auth-container', { hasText: 'authorizationCode with PKCE' })
    await flow.getByText('customers:read', { exact: true }).click()
    const [popup] = await Promise.all([page.waitForEvent('popup'), flow.locator('button.authorize').click()])
    await popup.getByLabel('Username').fill(user.username)
    await popup.getByLabel('Password').fill(password)
    await popup.keyboard.press('Enter')
    await Promise.all([popup.waitForEvent('close'), popup.getByRole('button', { name: 'Allow' }).click()])
    await flow.getByText('Logout', { exact: true }).waitFor()
    await flow.locator('button.btn-done').click()

    const operation = page.locator('#operations-Customers-listCustomers')
    await operation.locator('.opblock-summary-control').click()
    const [answer] = await Promise.all([
      page.waitForResponse('**/api/v1/customers*'),
      operation.getByRole('button', { name: 'Execute' }).click(),
    ])
    expect(await answer.request().headerValue('authorization')).toMatch(/^Bearer \S+$/)
    expect([answer.status(), await answer.json()]).toMatchObject([200, { results: [{ id }] }])
    const { results: grants } = (await desk.as(user)(listMyGrants, {})).body
    expect(grants.map(({ scopes }) => scopes)).toEqual([['customers:read']])
    expect(complaints).toEqual([])
    await context.close()
  },
)
