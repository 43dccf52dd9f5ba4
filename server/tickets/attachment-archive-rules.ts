// What is in a ZIP archive, as office files are: only the list of it is read, nothing is unpacked. Strict, since what readers
// understand in different ways is how one file is made to be two.

const [localHead, directoryHead, end, end64, locator64] = [
  0x04034b50, 0x02014b50, 0x06054b50, 0x06064b50, 0x07064b50,
]
/** What an office file never has; the list is read in one go, while nothing else is done. */
const entriesAtMost = 10_000

const [endBytes, end64Bytes, locatorBytes] = [22, 56, 20]

/**
 * The names of what is in it. Undefined where it is no archive from the first byte to the last, where it has more than 10,000
 * entries, two of them have one name, one is encrypted, or its name leads out of the archive.
 */
export function archiveEntries(bytes: Buffer): readonly string[] | undefined {
  const directory = directoryOf(bytes)
  if (!directory || directory.entries > entriesAtMost || bytes.readUInt32LE(0) !== localHead) return undefined
  const names = new Set<string>()
  let at = directory.begin
  for (let entry = 0; entry < directory.entries; entry += 1) {
    if (at + 46 > directory.end || bytes.readUInt32LE(at) !== directoryHead) return undefined
    const isEncrypted = (bytes.readUInt16LE(at + 8) & 1) === 1
    const [nameBytes, ...rest] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field))
    const name = bytes.toString('utf8', at + 46, at + 46 + (nameBytes ?? 0))
    if (isEncrypted || names.has(name) || !isInside(name)) return undefined
    names.add(name)
    at += 46 + (nameBytes ?? 0) + rest.reduce((sum, length) => sum + length, 0)
  }
  return at === directory.end ? [...names] : undefined
}

interface Directory {
  readonly entries: number
  readonly begin: number
  readonly end: number
}

/** Where the list stands: it ends where what points to it begins, and that ends with the file. */
function directoryOf(bytes: Buffer): Directory | undefined {
  const last = bytes.length - endBytes
  if (last < 30 || bytes.readUInt32LE(last) !== end || bytes.readUInt16LE(last + 20) !== 0) return undefined
  const at64 = last - locatorBytes - end64Bytes
  const is64 =
    at64 > 0 && bytes.readUInt32LE(last - locatorBytes) === locator64 && bytes.readUInt32LE(at64) === end64
  const large = (at: number) => Number(bytes.readBigUInt64LE(at))
  const directory = is64
    ? { entries: large(at64 + 32), begin: large(at64 + 48), end: at64 }
    : { entries: bytes.readUInt16LE(last + 10), begin: bytes.readUInt32LE(last + 16), end: last }
  const size = is64 ? large(at64 + 40) : bytes.readUInt32LE(last + 12)
  return directory.begin + size === directory.end && directory.begin >= 30 ? directory : undefined
}

// oxlint-disable-next-line no-control-regex
const isInside = (name: string) => name !== '' && !/^\/|\\|[\x00-\x1F]|(?:^|\/)\.\.(?:\/|$)|\uFFFD/.test(name)

/** What the first file of an archive holds, if it has this name and is not packed: how OpenDocument says what it is. */
export function firstStoredFile(bytes: Buffer, name: string): string | undefined {
  const isPacked = bytes.readUInt16LE(8) !== 0
  const [size, nameBytes, extraBytes] = [
    bytes.readUInt32LE(18),
    bytes.readUInt16LE(26),
    bytes.readUInt16LE(28),
  ]
  if (isPacked || size > 255 || bytes.toString('latin1', 30, 30 + nameBytes) !== name) return undefined
  const begin = 30 + nameBytes + extraBytes
  return bytes.toString('latin1', begin, begin + size)
}
