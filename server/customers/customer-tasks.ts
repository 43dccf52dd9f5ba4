import { Type } from 'typebox'
import type { Context } from '../context.ts'
import { queuedTask, type Tasks } from '../jobs/worker.ts'
import * as ownRecords from './own-record-service.ts'

const proof = Type.Object({ user_id: Type.Integer(), request_id: Type.String() })

export function customerTasks(ctx: Context): Tasks {
  return {
    link_customer: queuedTask(proof, (proved) => ownRecords.link(ctx, proved)),
  }
}
