// Pure rules of how the files of attachments are called in the store.

/** A hash of the content, and a number that no other has. */
export const attachmentKey = (sha256: string, nonce: string) => `${sha256}-${nonce}`

/** The key in the name of a file of ours, also of one whose writing was cut off; undefined for a name that we never gave. */
export function keyOfAttachmentFile(name: string): string | undefined {
  return /^([0-9a-f]{64}-[0-9a-f]{16})(?:\.[0-9a-f]{12}\.tmp)?$/.exec(name)?.[1]
}
