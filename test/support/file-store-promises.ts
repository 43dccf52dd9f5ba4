// What every file store behind the port promises, whatever it is made of.
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { fileBytes } from './file-bytes.ts'
import type { Files } from '../../server/files/files.ts'

const newName = () => `${randomBytes(16).toString('hex')}-large.webp`

/** Defines a test for each promise. */
export function fileStorePromises(open: () => Files) {
  const namesIn = async (files: Files) => {
    const names: string[] = []
    for await (const { name } of files.list()) names.push(name)
    return names
  }

  test.each([0, 1, 70_000, 1_000_000])('%i bytes come out as they went in', async (length) => {
    const [files, name, bytes] = [open(), newName(), randomBytes(length)]
    await files.put(name, bytes)
    expect((await fileBytes(files, name))?.equals(bytes)).toBe(true)
  })

  test('what is put again takes the place of what was there', async () => {
    const [files, name] = [open(), newName()]
    await files.put(name, Buffer.from('old'))
    await files.put(name, Buffer.from('new'))
    expect(String(await fileBytes(files, name))).toBe('new')
  })

  test('what is not there is undefined, and may be deleted', async () => {
    const [files, name] = [open(), newName()]
    expect(await fileBytes(files, name)).toBeUndefined()
    await files.delete(name)
    await files.put(name, Buffer.from('here'))
    await files.delete(name)
    expect(await fileBytes(files, name)).toBeUndefined()
    expect(await namesIn(files)).not.toContain(name)
  })

  test('everything is listed, with the time it was put there', async () => {
    const files = open()
    const names = Array.from({ length: 30 }, newName)
    const began = Date.now()
    await Promise.all(names.map((name) => files.put(name, Buffer.from(name))))
    const listed = new Map<string, number>()
    for await (const { name, modified } of files.list()) listed.set(name, modified)
    for (const name of names) {
      expect(listed.get(name)).toBeGreaterThan(began - 5_000)
      expect(listed.get(name)).toBeLessThan(Date.now() + 5_000)
    }
  })

  test('a reader sees the old or the new, and no half of either', async () => {
    const [files, name] = [open(), newName()]
    const contents = ['a', 'b'].map((letter) => Buffer.alloc(200_000, letter))
    const [first = Buffer.alloc(0)] = contents
    await files.put(name, first)
    const over = new AbortController()
    const reading = (async () => {
      while (!over.signal.aborted) {
        const bytes = await fileBytes(files, name)
        expect(contents.some((content) => bytes && content.equals(bytes))).toBe(true)
      }
    })()
    for (let round = 0; round < 10; round += 1) await files.put(name, contents[round % 2] ?? first)
    over.abort()
    await reading
  })
}
