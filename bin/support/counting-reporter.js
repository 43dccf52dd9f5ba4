// A vitest reporter that says nothing and leaves the numbers of the run in a file, for bin/test.js to close with.
import { writeFileSync } from 'node:fs'

export default class CountingReporter {
  /** @param {readonly import('vitest/node').TestModule[]} files */
  onTestRunEnd(files) {
    const tests = files.flatMap((file) => [...file.children.allTests()])
    /** @param {string} state */
    const inState = (state) => tests.filter((test) => test.result().state === state)

    /** @type {import('./test-count.js').Count} */
    const count = {
      passed: inState('passed').length,
      failed: inState('failed').length + files.filter(brokeAsAWhole).length,
      skipped: inState('skipped').map((test) => `${test.module.relativeModuleId} > ${test.fullName}`),
    }
    writeFileSync(String(process.env.FRONTDESK_TEST_COUNT), JSON.stringify(count))
  }
}

/**
 * It does not load, or a hook around its tests failed.
 * @param {import('vitest/node').TestModule} file
 */
function brokeAsAWhole(file) {
  return file.state() === 'failed' && [...file.children.allTests('failed')].length === 0
}
