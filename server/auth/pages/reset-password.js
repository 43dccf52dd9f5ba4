// Sends a new password together with the token that stands behind the # of the mailed link.
import { choosePassword } from './mailed-link.js'

choosePassword('/api/v1/password/reset')
