// For commands that serve until they are told to stop: by a signal, or by the end of the process that started them.
import type { Config } from '../config.ts'
import type { Open } from '../desk.ts'
import { type Log, openLog } from '../log.ts'

/** The whole stop, PostgreSQL included, before whoever asked for it loses patience. */
const stopMilliseconds = 9_500
/** npm and a terminal may both pass one Ctrl+C on; a second one later means it. */
const sameRequestMilliseconds = 1_000

/** Leaves with 0 when all could be closed. Throws what `open` throws, unless that was told to stop. */
export async function runUntilToldToStop<Service extends Open>(
  config: Config,
  open: (log: Log, signal: AbortSignal) => Promise<Service>,
  opened: (service: Service, log: Log) => void,
): Promise<void> {
  const { log, flush, written } = openLog(config.logLevel)
  process.on('exit', flush)
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception')
    process.exit(1)
  })

  const stopping = new AbortController()
  const leave = whenToldToStop(async (reason) => {
    log.info({ reason }, 'stopping')
    stopping.abort()
    // An opening that is told to stop closes by itself what it had opened.
    const service = await opening.catch(() => undefined)
    await service?.close()
    log.info({}, 'stopped')
    await written()
  })
  const opening = open(log, stopping.signal)
  const service = await opening.catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error
  })
  if (!service || stopping.signal.aborted) return
  opened(service, log)
  await service.gone
  if (service.gone) await leave('the Frontdesk whose database we shared has stopped', 1)
}

/** Answers how to stop without being told to. */
function whenToldToStop(stop: (reason: string) => Promise<void>) {
  let askedAt: number | undefined
  const told = async (reason: string, code = 0) => {
    if (askedAt !== undefined) {
      if (Date.now() - askedAt > sameRequestMilliseconds) process.exit(1)
      return
    }
    askedAt = Date.now()
    // Not unref'd: it also keeps the process until all is closed, when nothing else would any more.
    setTimeout(() => process.exit(1), stopMilliseconds)
    await stop(reason)
    process.exit(code)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void told(signal))
  if (process.env['FRONTDESK_PARENT'] === 'ipc') {
    const orphaned = () => void told('the process that started us is gone')
    if (process.connected) process.on('disconnect', orphaned)
    else queueMicrotask(orphaned) // it went while we were loading
  }
  return told
}
