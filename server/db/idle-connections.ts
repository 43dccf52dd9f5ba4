// What becomes of a pool's idle connections when the line for announcements falls silent: as like as not they are as dead, and
// whoever is given one learns it after six seconds. To open new ones costs milliseconds, so they are not kept to find out.
import type { Pool } from 'pg'
import type { Listener } from './listen.ts'

export function forgettingIdle(pool: Pool): Pick<Listener, 'onListening'> {
  return {
    onListening(listening) {
      if (listening || pool.ending) return
      for (let idle = pool.idleCount; idle > 0; idle -= 1) {
        pool.connect().then(
          (client) => client.release(true),
          () => {}, // a new one that was tried in its place
        )
      }
    },
  }
}
