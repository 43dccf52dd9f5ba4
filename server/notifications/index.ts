// The notifications module: who is told by mail of what happened to a ticket, and how they stop that. It reads tickets by itself;
// whatever changes them stands on it, since the statement that has the effect queues the mail.
export { assignmentTold, replyTold, resolutionTold } from './notification-repository.ts'
export { notificationRoutes } from './notification-routes.ts'
export { notificationTasks } from './notification-tasks.ts'
