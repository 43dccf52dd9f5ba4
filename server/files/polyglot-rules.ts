// What shows that a file is something else besides what it begins as.

/** Of a page or a script. */
export const markup = /<(?:script|html|body|iframe|svg|!doctype|\?php)[\s/>]/i

/** True where an archive ends in the file: the end of a ZIP's list stands in the last 64 KiB. */
export const hasArchive = (bytes: Buffer): boolean => bytes.subarray(-65_558).includes('PK\x05\x06')
