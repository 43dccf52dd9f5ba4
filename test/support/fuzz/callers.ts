// Who the fuzzer speaks as: a user of every role with a token that works, since requests of its own may revoke one.
import { type Role, roles } from '../../../contract/index.ts'
import type { Who } from './recipe.ts'

export interface Caller {
  readonly token: string
  /** Whether somebody has ever given them another role: an admin among the callers may. */
  hadAnotherRole(): Promise<boolean>
}

export type NewCaller = (role: Role) => Promise<Caller>

export class Callers {
  /** Every token that ever worked: none may stand in a reply. */
  readonly tokens = new Set<string>()
  readonly #newCaller: NewCaller
  readonly #current = new Map<Who, Caller>()
  readonly #renewals = new Map<Caller, Promise<void>>()

  constructor(newCaller: NewCaller) {
    this.#newCaller = newCaller
  }

  /** How often a caller had to be replaced. */
  get renewals(): number {
    return this.#renewals.size
  }

  async enter() {
    for (const role of roles) await this.#renew(role)
  }

  /** Undefined for those whom the desk has never seen. */
  current(who: Who): Caller | undefined {
    return this.#current.get(who)
  }

  authorizationOf(who: Who): string | undefined {
    if (who === 'nobody') return undefined
    return `Bearer ${this.current(who)?.token ?? `fdt_${'A'.repeat(43)}`}`
  }

  /** Their token works no more, or their role was taken away. Once, however many requests of theirs were refused. */
  async replace(who: Who, caller: Caller) {
    if (this.current(who) !== caller) return
    const renewal = this.#renewals.get(caller) ?? this.#renew(who as Role)
    this.#renewals.set(caller, renewal)
    await renewal
  }

  async #renew(role: Role) {
    const caller = await this.#newCaller(role)
    this.tokens.add(caller.token)
    this.#current.set(role, caller)
  }
}
