// What Frontdesk measures of itself, for Prometheus: one registry for each desk. Several desks in one process share nothing but
// what is measured of that process. It knows no module and measures nothing itself but which Frontdesk this is.
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { frontdeskVersion } from '../version.ts'

export function newRegistry(): Registry {
  const registry = new Registry()
  new Gauge({
    name: 'frontdesk_build_info',
    help: 'Always 1; the labels say which Frontdesk this is, and on which Node.js it runs.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version: frontdeskVersion, node: process.version }, 1)
  return registry
}

let ofProcess: Registry | undefined

/**
 * Memory, processor, event loop and garbage collection. Begun at the first desk and never ended, because prom-client cannot: so
 * there is one for all desks of a process. It keeps no process alive, and its look at the event loop every 10 ms costs 0.2 %
 * of one core.
 */
export function processRegistry(): Registry {
  if (!ofProcess) collectDefaultMetrics({ register: (ofProcess = new Registry()) })
  return ofProcess
}

/** All of a desk in the text format of Prometheus. */
export function exposition(registry: Registry): Promise<string> {
  return Registry.merge([registry, processRegistry()]).metrics()
}
