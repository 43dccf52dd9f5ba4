// What a caller may still do, as response fields (draft-ietf-httpapi-ratelimit-headers): `RateLimit-Policy` names the limit,
// `RateLimit` says how many calls are left of it and in how many seconds there will be all of them again.
import type { FastifyReply } from 'fastify'
import type { Allowance } from '../rate-limit-allowance.ts'

export function rateLimitFields({ policy, quota, seconds, remaining, secondsLeft }: Allowance) {
  return {
    'ratelimit-policy': policyField(policy, quota, seconds),
    ratelimit: limitField(policy, remaining, secondsLeft),
  }
}

export const policyField = (policy: string, quota: number, seconds: number) =>
  `"${policy}";q=${quota};w=${seconds}`

export const limitField = (policy: string, remaining: number, secondsLeft: number) =>
  `"${policy}";r=${Math.max(0, remaining)};t=${Math.max(0, Math.ceil(secondsLeft))}`

/** Where several limits hold, the one that leaves least is told. */
export function leavesLeast(reply: FastifyReply, remaining: number): boolean {
  const told = reply.getHeader('ratelimit')
  return told === undefined || Math.max(0, remaining) <= Number(/;r=(\d+)/.exec(String(told))?.[1])
}

/** For a module with limits of its own: what it tells is answered in place of the general limit. */
export function answeredIn(reply: FastifyReply) {
  return (allowance: Allowance) => void reply.headers(rateLimitFields(allowance))
}
