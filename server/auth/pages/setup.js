// Sends the first admin's name and password together with the token that stands behind the # of the link.
import { find, finish, isSameTwice, onSubmit, secretOfLink, send } from './form.js'

const form = find('form')
const token = secretOfLink(
  'Open this page by the link that Frontdesk prints when it starts: the part behind the # is missing.',
)

onSubmit(async () => {
  if (!isSameTwice()) return
  const username = form.username.value
  if (!(await send('/api/v1/setup', { token, username, password: form.password.value }))) return
  find('#name').textContent = username
  finish()
})
