// Makes an account for whoever sits here, whoever this browser may be signed in as.
import { find, finish, isSameTwice, onSubmit, send } from './form.js'

const form = find('form')
const fields = ['username', 'first_name', 'last_name', 'email', 'password']

onSubmit(async () => {
  if (!isSameTwice()) return
  const account = Object.fromEntries(fields.map((name) => [name, form[name].value]))
  if (await send('/api/v1/signup', account, { credentials: 'omit' })) finish()
})
