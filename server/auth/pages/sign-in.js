// Signs this browser in, and goes on to where the person wanted to go.
import { find, onSubmit, send } from './form.js'
import { placeToReturnTo } from './return-to.js'

const form = find('form')
const wanted = new URLSearchParams(location.search).get('return_to')

onSubmit(async () => {
  const credentials = { username: form.username.value, password: form.password.value }
  if (await send('/api/v1/session', credentials)) location.assign(placeToReturnTo(wanted, location.origin))
  else form.password.select()
})
