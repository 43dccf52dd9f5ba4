// How each run of a job ended, out of what graphile-worker tells while it works.
import { EventEmitter } from 'node:events'
import type { Job, WorkerEvents } from 'graphile-worker'

export interface JobRun {
  readonly task: string
  /** Retried: it failed and will be tried again. Failed: it will not. */
  readonly result: 'completed' | 'retried' | 'failed'
  readonly seconds: number
}

export type JobListener = (run: JobRun) => void

export function jobEvents(listener: JobListener): WorkerEvents {
  const events: WorkerEvents = new EventEmitter()
  const began = new WeakMap<Job, number>()
  const ended = (job: Job, result: JobRun['result']) => {
    const now = performance.now()
    listener({ task: job.task_identifier, result, seconds: (now - (began.get(job) ?? now)) / 1000 })
  }
  events.on('job:start', ({ job }) => void began.set(job, performance.now()))
  events.on('job:success', ({ job }) => ended(job, 'completed'))
  events.on('job:error', ({ job }) => ended(job, job.attempts >= job.max_attempts ? 'failed' : 'retried'))
  return events
}
