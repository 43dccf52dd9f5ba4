// Sends the first password together with the token that stands behind the # of the mailed link.
import { choosePasswordByLink } from './form.js'

choosePasswordByLink('/api/v1/invitations/accept')
