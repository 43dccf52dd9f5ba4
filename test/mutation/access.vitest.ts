import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import base from '../../vitest.config.ts'

/** The first of them that fails settles a mutant, so those that find most soonest come first. */
const judges = [
  'anonymous-role',
  'authentication',
  'sessions',
  'sign-in',
  'sign-up',
  'two-instances',
  'oauth-adapter',
  'oauth',
  'oauth-consent',
  'oauth-security',
  'oauth-hostile-calls',
  'oauth-device',
  'oauth-clients',
  'metrics',
].map((name) => `test/${name}.test.ts`)

const rankOf = ({ moduleId }: TestSpecification) => judges.findIndex((file) => moduleId.endsWith(`/${file}`))

class AsListed extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    return files.toSorted((one, other) => rankOf(one) - rankOf(other))
  }
}

export default defineConfig({
  test: { ...base.test, include: judges, sequence: { sequencer: AsListed } },
})
