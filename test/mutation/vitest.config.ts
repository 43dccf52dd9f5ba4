// The tests that judge mutants: those that call the code in their own process, and ask what the rules decide.
import { defineConfig, mergeConfig } from 'vitest/config'
import base from '../../vitest.config.ts'

const judges = [
  'rules/*',
  'access-matrix',
  'anonymous-role',
  'audit',
  'customers',
  'email-change',
  'events',
  'invitations',
  'links',
  'oauth*',
  'password-reset',
  'requests',
  'sessions',
  'sign-in',
  'sign-in-limits',
  'users',
]

export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  defineConfig({ test: { include: judges.map((name) => `test/${name}.test.ts`) } }),
)
