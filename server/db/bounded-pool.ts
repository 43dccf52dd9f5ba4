// A pool with a bounded queue: who finds too many waiting for a connection is refused at once, and who waited for too long is
// refused then (connectionTimeoutMillis). Without a bound everybody would wait behind everybody when the database is slow.
import pg from 'pg'
import { overloaded } from '../errors.ts'

type Connected = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (error?: Error | boolean) => void,
) => void

export class BoundedPool extends pg.Pool {
  readonly #waitingAtMost: number

  constructor(options: pg.PoolConfig, waitingAtMost: number) {
    super(options)
    this.#waitingAtMost = waitingAtMost
  }

  // `query` connects through this, too. Inside a transaction nobody does: its connection is there already.
  override connect(): Promise<pg.PoolClient>
  override connect(connected: Connected): void
  override connect(connected?: Connected): Promise<pg.PoolClient> | void {
    if (this.waitingCount < this.#waitingAtMost) {
      return connected ? super.connect(connected) : super.connect()
    }
    if (!connected) return Promise.reject(overloaded())
    connected(overloaded(), undefined, () => {})
  }
}
