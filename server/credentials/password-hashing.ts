// argon2id, at most two at once: each takes 19 MiB and a core for tens of milliseconds, and two fill the smallest machine.
import { hash, verify } from '@node-rs/argon2'
import { unavailable } from '../errors.ts'
import { semaphore } from '../semaphore.ts'

/** OWASP and ASVS 5 appendix C: m = 19 MiB, t = 2, p = 1; 16 bytes of salt come from the library. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

const withPermit = semaphore({ atOnce: 2, waiting: 200 }, () =>
  unavailable('Too many people are signing in right now; try again soon.'),
)

export function hashPassword(password: string): Promise<string> {
  return withPermit(() => hash(password, cost))
}

/** Takes as long without a hash (an unknown user) as with one, and is then never true. */
export function verifyPassword(known: string | undefined, password: string): Promise<boolean> {
  return withPermit(async () => {
    const right = await verify(known ?? (await nobodysHash), password)
    return right && known !== undefined
  })
}

const nobodysHash = hash('the password of nobody', cost)
