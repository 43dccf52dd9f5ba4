/** Each role may do all that the ones before it may. */
export const roles = ['customer', 'operator', 'admin'] as const
export type Role = (typeof roles)[number]

export function atLeast(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed)
}
