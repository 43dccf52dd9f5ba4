// Asks for a link to choose a new password.
import { find, finish, onSubmit, send } from './form.js'

const form = find('form')

onSubmit(async () => {
  if (await send('/api/v1/password/forgot', { email: form.email.value })) finish()
})
