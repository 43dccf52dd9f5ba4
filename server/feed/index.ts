// The feed module: what has changed, told in the order of the audit chain to whoever may see the record. Not what the
// record is now: that is read from the record itself.
export { serveFeed } from './feed.ts'
export { feedTasks } from './feed-tasks.ts'
