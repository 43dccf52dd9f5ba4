// What a client may be granted to do for somebody (RFC 6749, section 3.3). A scope never gives more than the role has: both must
// allow a call.

/** By scope, what it allows, in words for the page that asks for consent. */
export const scopes = {
  'account:read': 'See your name, your e-mail address and your role',
  'account:write': 'Change your name',
  'customers:read': 'See customers',
  'customers:write': 'Create, change and archive customers',
  'tickets:read': 'See tickets and requests',
  'tickets:write': 'Open, answer, assign and close tickets and requests',
  'users:read': 'See users and colleagues',
  'users:write': 'Create, change and disable users',
  'audit:read': 'See who did what',
  'events:read': 'Hear of changes to what it may see',
} as const

export type Scope = keyof typeof scopes

export const scopeNames = Object.keys(scopes) as Scope[]
