// Jobs by how they ended and how long they took, of the worker in this process.
import { Counter, Histogram, type Registry } from 'prom-client'
import type { JobListener } from '../jobs/job-events.ts'

const buckets = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300]

export function measureJobs(registry: Registry): JobListener {
  const total = new Counter({
    name: 'frontdesk_jobs_total',
    help: 'Runs of a job by result: completed, retried (failed, to be tried again) or failed (for good).',
    labelNames: ['task', 'result'],
    registers: [registry],
  })
  const durations = new Histogram({
    name: 'frontdesk_job_duration_seconds',
    help: 'How long one run of a job took, whatever its result.',
    labelNames: ['task'],
    buckets,
    registers: [registry],
  })
  return ({ task, result, seconds }) => {
    total.inc({ task, result })
    durations.observe({ task }, seconds)
  }
}
