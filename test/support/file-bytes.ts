// What a file in a store holds, all of it at once.
import { buffer } from 'node:stream/consumers'
import type { Files } from '../../server/files/files.ts'

export async function fileBytes(files: Files, name: string): Promise<Buffer | undefined> {
  const content = await files.get(name)
  return content && buffer(content.stream)
}
