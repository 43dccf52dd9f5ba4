// Sends the token that stands behind the # of the mailed link; not by itself, since programs that look into mail open links, too.
import { finish, incompleteLink, onSubmit, secretOfLink, send } from './form.js'

const token = secretOfLink(incompleteLink)

onSubmit(async () => {
  if (await send('/api/v1/email/confirm', { token })) finish()
})
