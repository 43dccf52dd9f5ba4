// How a stream is spelled (WHATWG HTML, server-sent events).
import type { Event } from '../../contract/index.ts'

export const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  // nginx would keep it until it has a buffer full.
  'x-accel-buffering': 'no',
} as const

/** With its id, so that a reader who hears nothing else still goes on from here. */
export const readyText = (position: number) =>
  `retry: 1000\nid: ${position}\nevent: ready\ndata: {"after":${position}}\n\n`

export const changeText = (event: Event) =>
  `id: ${event.id}\nevent: change\ndata: ${JSON.stringify(event)}\n\n`

/** A comment and an id are no event to the reader, who remembers the position all the same. */
export const beatText = (position: number) => `: beat\nid: ${position}\n\n`
