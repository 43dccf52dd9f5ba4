// Stopping mails by the link in one, in a real browser at the size of a phone, and without scripts.
import { afterAll, expect, test } from 'vitest'
import { closeRequest } from '../../contract/index.ts'
import { launchChromium } from '../support/chromium.ts'
import { openTestDesk } from '../support/desk.ts'

const desk = await openTestDesk()
const browser = await launchChromium()
afterAll(() => browser.close())

test('a page asks, one button stops the mails, and one on the page after that sends them again', async () => {
  const { id: customer_id } = await desk.given.customer({ email: 'ned@winterfell.example' })
  const { id } = await desk.given.request({ customer_id })
  const rejected = { status: 'REJECTED', resolution_comment: 'No' } as const
  await desk.as(await desk.given.admin())(closeRequest, { params: { id }, body: rejected })
  const [mail] = await desk.mails()
  const { pathname, search } = new URL(mail?.unsubscribe ?? '')
  const wanted = async () =>
    (await desk.rows('select notifications from customers where id = $1', [customer_id]))[0]

  const context = await browser.newContext({
    baseURL: desk.url,
    viewport: { width: 360, height: 640 },
    javaScriptEnabled: false,
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => void complaints.push(message.text()))
  await page.goto(pathname + search)
  expect(await wanted()).toEqual({ notifications: true })
  const { width = Infinity } = (await page.locator('main').boundingBox()) ?? {}
  expect(width).toBeLessThanOrEqual(360)

  await page.getByRole('button', { name: 'Stop these mails' }).click()
  await page.getByRole('heading', { name: 'No more mails' }).waitFor()
  expect(await wanted()).toEqual({ notifications: false })
  await page.reload()
  expect(await wanted()).toEqual({ notifications: false })

  await page.getByRole('button', { name: 'Send them again' }).click()
  await page.getByRole('button', { name: 'Stop these mails' }).waitFor()
  expect(await wanted()).toEqual({ notifications: true })
  expect(complaints).toEqual([])
  await context.close()
})
