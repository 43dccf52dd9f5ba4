// `frontdesk worker`: does the jobs alone, beside any number of serving processes.
import type { Config } from '../config.ts'
import { openWorker } from '../desk.ts'
import { runUntilToldToStop } from './run-until-told.ts'
import { say } from './say.ts'

export function work(config: Config): Promise<void> {
  return runUntilToldToStop(
    config,
    (log, signal) => openWorker(config, log, signal),
    (worker) => say(`Frontdesk worker: doing the jobs of ${worker.place}`),
  )
}
