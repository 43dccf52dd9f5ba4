// What the pages behind mailed links share.
import { find, finish, isSameTwice, onSubmit, secretOfLink, send } from './form.js'

export const tokenOfLink = () =>
  secretOfLink('Open this page by the link in the mail: the part behind the # is missing.')

/**
 * Sends a password, chosen twice alike, together with the token of the link.
 * @param {string} path
 */
export function choosePassword(path) {
  const form = find('form')
  const token = tokenOfLink()
  onSubmit(async () => {
    if (!isSameTwice()) return
    if (await send(path, { token, password: form.password.value })) finish()
  })
}
