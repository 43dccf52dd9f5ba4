// Pure rules of photos: how their files are named, and what a photo_url says of which photo it is.
import type { photoSizes } from '../../contract/index.ts'

export type PhotoSize = (typeof photoSizes)[number]

/** In pixels; neither wider nor higher. */
export const photoSides: Readonly<Record<PhotoSize, number>> = { large: 1024, small: 128 }

export const photoFile = (key: string, size: PhotoSize) => `${key}-${size}.webp`

/** The key in the name of a file of ours, also of one whose writing was cut off; undefined for a name that we never gave. */
export function keyOfPhotoFile(name: string): string | undefined {
  return /^([0-9a-f]{32})-(?:large|small)\.webp(?:\.[0-9a-f]{12}\.tmp)?$/.exec(name)?.[1]
}

/** So much of photo_large_hash tells one photo from another. */
export const photoVersionLength = 32

/** What `photo_url` (customer-repository.ts) names the photo by. */
export function photoVersionIn(photoUrl: string): string | undefined {
  return photoUrl.split('?v=')[1]
}
