// Sends the first admin's name and password together with the token that stands behind the # of the link.
import { find, finish, isSameTwice, onSubmit, secretOfLink, send } from './form.js'

const form = find('form')
const token = secretOfLink(
  'Open this page by the link that Frontdesk prints when it starts, as long as there is no admin. If there is one, sign in.',
)

onSubmit(async () => {
  if (!isSameTwice()) return
  const username = form.username.value
  const email = form.email.value.trim()
  const body = { token, username, password: form.password.value, ...(email ? { email } : {}) }
  if (!(await send('/api/v1/setup', body))) return
  find('#name').textContent = username
  finish()
})
