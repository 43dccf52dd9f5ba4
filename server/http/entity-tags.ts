// Entity tags (RFC 9110, section 8.8.3). A record's is its version, "7"; shown with links, which depend on who asks, it has
// their hash behind it, "7-3fa9c2d1": two representations never share a strong tag.
import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'

export function entityTag(version: number, links?: string): string {
  if (links === undefined) return `"${version}"`
  return `"${version}-${createHash('sha256').update(links).digest('hex').slice(0, 12)}"`
}

/** If-None-Match: true where one of the tags is that of the representation; weak ones count (section 13.1.2). */
export function namesTag(header: string, tag: string): boolean {
  return header.trim() === '*' || tagsIn(header).some((named) => named.replace(/^W\//, '') === tag)
}

/** True where a header has a tag that could be a record's current one. */
export function holdsStrongTag(header: string): boolean {
  return tagsIn(header).some((named) => !named.startsWith('W/'))
}

/** If-Match: true where one of the tags is of this version; weak ones do not count (section 13.1.1). */
export function namesVersion(header: string, version: number): boolean {
  return (
    header.trim() === '*' ||
    tagsIn(header).some((named) => /^"(\d+)(?:-\w+)?"$/.exec(named)?.[1] === `${version}`)
  )
}

const tagsIn = (header: string): string[] => header.match(/(?:W\/)?"[^"]*"/g) ?? []

/** For an endpoint that answers no record, and so sees to its own tags. */
export const notModified = (reply: FastifyReply) => reply.code(304).send()
