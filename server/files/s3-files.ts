// Files in a bucket of an S3 server, ours alone. Nothing is asked of it but to put, get, delete and list: conditional writes and
// newer checksums are not understood by every server that speaks S3.
import { Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import type { S3Config } from '../s3-config.ts'
import type { Files } from './files.ts'

/** Milliseconds; with the tries, less than an answer may take. */
const connectWithin = 1_000
const answerWithin = 4_000
const tries = 2

/** Each file that is being sent holds one (http/file-answers.ts); others are not to wait for those who read slowly. */
const connections = 1_024

export function s3Files({ bucket, endpoint, region, accessKeyId, secretAccessKey }: S3Config): Files {
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: tries,
    requestHandler: {
      connectionTimeout: connectWithin,
      requestTimeout: answerWithin,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: connections },
      httpsAgent: { maxSockets: connections },
    },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  const inBucket = (name: string) => ({ Bucket: bucket, Key: name })

  return {
    async put(name, bytes) {
      await client.send(new PutObjectCommand({ ...inBucket(name), Body: bytes, ContentLength: bytes.length }))
    },
    async get(name) {
      try {
        const { Body, ContentLength } = await client.send(new GetObjectCommand(inBucket(name)))
        if (!(Body instanceof Readable) || ContentLength === undefined)
          throw new Error('The server has answered no file')
        return { bytes: ContentLength, stream: Body }
      } catch (error) {
        if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined
        throw error
      }
    },
    async delete(name) {
      await client.send(new DeleteObjectCommand(inBucket(name)))
    },
    async *list() {
      let after: string | undefined
      do {
        const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: after }))
        for (const { Key, LastModified } of page.Contents ?? [])
          if (Key !== undefined && LastModified) yield { name: Key, modified: LastModified.getTime() }
        after = page.IsTruncated ? page.NextContinuationToken : undefined
      } while (after !== undefined)
    },
  }
}
