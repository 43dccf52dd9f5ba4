// What the closing line says. Trouble outside of any test counts as one failure, so a broken run can never look
// green: an error nobody caught, a run that was killed or found no test.
import { readFileSync } from 'node:fs'

/**
 * @typedef {{ passed: number, failed: number, skipped: string[] }} Count
 *
 * @param {string} file written by counting-reporter.js
 * @param {import('./child.js').Outcome} outcome
 * @returns {Count & { remark?: string | undefined }}
 */
export function readCount(file, outcome) {
  const count = read(file)
  const remark = count.failed > 0 ? undefined : whatElseFailed(outcome, count.passed)
  return { ...count, failed: remark ? 1 : count.failed, remark }
}

/**
 * @param {string} file
 * @returns {Count}
 */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 0, skipped: [] } // vitest stopped before it came to an end
  }
}

/**
 * @param {import('./child.js').Outcome} outcome
 * @param {number} passed
 */
function whatElseFailed(outcome, passed) {
  if (outcome.signal !== null) return `The run was ended by ${outcome.signal}: counted as a failure`
  if (outcome.code !== 0) return 'The run failed outside of a test, see above: counted as a failure'
  if (passed === 0) return 'No test ran: counted as a failure'
  return undefined
}
