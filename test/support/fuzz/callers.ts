// Who the fuzzer speaks as: a user of every role with a token that works, since requests of its own may revoke one.
import { type Role, roles } from '../../../contract/index.ts'
import type { Who } from './recipe.ts'

/** Makes a user of a role, and answers their token. */
export type NewToken = (role: Role) => Promise<string>

export class Callers {
  /** Every token that ever worked: none may stand in a reply. */
  readonly tokens = new Set<string>()
  readonly #newToken: NewToken
  readonly #current = new Map<Who, string>()
  /** How often a token had to be replaced. */
  renewals = 0

  constructor(newToken: NewToken) {
    this.#newToken = newToken
  }

  async enter() {
    for (const role of roles) await this.#renew(role)
  }

  authorizationOf(who: Who): string | undefined {
    if (who === 'nobody') return undefined
    return `Bearer ${who === 'a stranger' ? `fdt_${'A'.repeat(43)}` : (this.#current.get(who) ?? '')}`
  }

  /** The token that was shown works no more, or their role was taken away; unless somebody has replaced it already. */
  async replace(who: Who, authorization: string | undefined) {
    if (who === 'nobody' || who === 'a stranger') return
    if (this.authorizationOf(who) !== authorization) return
    this.renewals += 1
    await this.#renew(who)
  }

  async #renew(role: Role) {
    const token = await this.#newToken(role)
    this.tokens.add(token)
    this.#current.set(role, token)
  }
}
