// Runs a program in our place: signals go down to it, its way of ending comes up to us.
import { spawn } from 'node:child_process'

/**
 * How a program ended, and whether it had been told to.
 * @typedef {{ code: number | null, signal: NodeJS.Signals | null, told?: NodeJS.Signals | null }} Outcome
 */

const passedOn = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @param {(pid: number) => void} [onStarted]
 * @returns {Promise<Outcome>} rejects only when the program could not be started at all
 */
export async function run(command, args, options, onStarted) {
  const child = spawn(command, args, options)
  const signals = passSignalsTo(child)
  if (child.pid !== undefined) onStarted?.(child.pid)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code, signal) => resolve({ code, signal, told: signals.last() }))
    })
  } finally {
    signals.stop()
  }
}

/**
 * Ends this process as the child ended, so that whoever waits for us sees the same code or signal.
 * @param {Outcome} outcome
 * @returns {Promise<never>} so that a caller who waits does nothing more
 */
export function leaveLike({ code, signal }) {
  if (signal === null) process.exit(code ?? 1)
  process.kill(process.pid, signal)
  // Where the system swallows the signal (Windows, pid 1 of a container), leave all the same.
  return new Promise(() => setTimeout(() => process.exit(1), 500))
}

/** @param {import('node:child_process').ChildProcess} child */
function passSignalsTo(child) {
  /** @type {NodeJS.Signals | null} */
  let last = null
  /** @param {NodeJS.Signals} signal */
  const passOn = (signal) => {
    last = signal
    // Ctrl+C reaches the child by itself and once more through us; the child takes a quick repeat for the same
    // wish. Passing on always is what makes `kill -INT` on this process alone work. On Windows `kill` would
    // terminate at once, so there we only stay until the child has left.
    if (process.platform !== 'win32') child.kill(signal)
  }
  for (const signal of passedOn) process.on(signal, passOn)
  return {
    last: () => last,
    stop: () => passedOn.forEach((signal) => process.removeListener(signal, passOn)),
  }
}
