// `frontdesk start`: serves until it is told to stop.
import type { Config } from '../config.ts'
import { type Desk, openDesk } from '../desk.ts'
import { frontdeskVersion } from '../version.ts'
import { runUntilToldToStop } from './run-until-told.ts'
import { say } from './say.ts'

export function start(config: Config): Promise<void> {
  return runUntilToldToStop(
    config,
    (log, signal) => openDesk(config, log, signal),
    (desk, log) => {
      greet(config, desk)
      log.info({ version: frontdeskVersion, node: process.version }, 'started')
    },
  )
}

function greet(config: Config, { place, firstAdmin }: Desk) {
  say(`Frontdesk ${frontdeskVersion}`)
  say(`  listens on  ${config.publicUrl}   (API documentation: ${config.publicUrl}/docs)`)
  say(`  data        ${place}`)
  if (firstAdmin.from === 'environment')
    say(`  admin       ${firstAdmin.username}, made from ADMIN_USERNAME and ADMIN_PASSWORD`)
  if (firstAdmin.from === 'link') {
    say(`  set up      ${firstAdmin.link}`)
    say(`              makes the first admin; it works once, within ${firstAdmin.minutes} minutes`)
  }
  if (config.anonymousRole) {
    say(
      `  WARNING     ANONYMOUS_ROLE=${config.anonymousRole}: whoever reaches ${config.publicUrl} needs no credentials and is ${config.anonymousRole}`,
    )
  }
  if (!config.rateLimit) say('  WARNING     RATE_LIMIT=off: passwords may be guessed without limit')
}
