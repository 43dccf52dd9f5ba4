// Sends the token that stands behind the # of the mailed link; not by itself, since programs that look into mail open links, too.
import { finish, onSubmit, send } from './form.js'
import { tokenOfLink } from './mailed-link.js'

const token = tokenOfLink()

onSubmit(async () => {
  if (await send('/api/v1/email/confirm', { token })) finish()
})
