import type { Context } from '../context.ts'
import type { Tasks } from '../jobs/worker.ts'
import * as photos from './photo-service.ts'

export function customerTasks(ctx: Context): Tasks {
  return {
    sweep_files: { schedule: '43 * * * *', work: () => photos.sweep(ctx) },
  }
}
