// Attachments: files that came with a post. Whoever may read the post may read them; pictures can be shown, all else is only
// ever downloaded.
import { Type, type Static } from 'typebox'
import type { Endpoint, Upload } from './endpoint.ts'
import { id, object, oneOf } from './schema.ts'

const office = 'application/vnd.openxmlformats-officedocument'
const openDocument = 'application/vnd.oasis.opendocument'

/** The documents that are kept as they came. */
export const documentTypes = [
  'application/pdf',
  'text/plain',
  'text/csv',
  `${office}.wordprocessingml.document`,
  `${office}.spreadsheetml.sheet`,
  `${office}.presentationml.presentation`,
  `${openDocument}.text`,
  `${openDocument}.spreadsheet`,
] as const

/** How a picture is kept, whatever it came as. */
export const keptPictureType = 'image/webp'

/** How many a post may have. */
export const attachmentsAtMost = 5

export const Attachment = object(
  {
    id: id('Number of the attachment.'),
    name: Type.String({
      description:
        'What its sender called it, without what no name may hold, and with the ending that its type has.',
      examples: ['winter.webp'],
    }),
    media_type: oneOf(
      [keptPictureType, ...documentTypes],
      'What it is. Pictures are kept as WebP, whatever they came as.',
    ),
    bytes: Type.Integer({ minimum: 1, description: 'Its size, as it is kept.', examples: [48_213] }),
    url: Type.String({
      description: 'Where it is read, relative to this server.',
      examples: ['/api/v1/attachments/1'],
    }),
  },
  { $id: 'Attachment', description: 'A file that came with a post.' },
)
export type Attachment = Static<typeof Attachment>

/** What a post may bring along. */
export const attachmentUpload: Upload = {
  field: 'attachments',
  types: ['image/jpeg', 'image/png', keptPictureType, ...documentTypes],
  maxBytes: 10 * 1024 * 1024,
  maxFiles: attachmentsAtMost,
  description:
    'A JPEG, PNG or WebP picture of at most 25 megapixels, a PDF, a text in UTF-8 (CSV, Markdown, JSON, YAML, TSV, too), a Word, Excel, PowerPoint or OpenDocument file without macros; at most 10 MiB.',
}

/** For the description of a call that takes them. */
export const withAttachments = `As multipart/form-data the same fields are text, and up to ${attachmentsAtMost} parts named \`attachments\` bring files along.`

export const getAttachment = {
  method: 'GET',
  url: '/api/v1/attachments/:id',
  config: {
    access: 'customer',
    scope: 'tickets:read',
    produces: [keptPictureType, 'application/octet-stream'],
    tagged: true,
  },
  schema: {
    operationId: 'getAttachment',
    summary: 'Read an attachment',
    description:
      'For whoever may read the post that it came with. A picture can be shown where it stands; everything else is application/octet-stream, for download alone, and the post says what it is. 404 once the post is deleted.',
    tags: ['Tickets'],
    params: object({ id: id('Number of the attachment.') }),
    response: {
      200: Type.Unsafe<Uint8Array>({
        type: 'string',
        format: 'binary',
        description: 'The file.',
        examples: ['RIFF…WEBP…'],
      }),
    },
  },
} as const satisfies Endpoint
