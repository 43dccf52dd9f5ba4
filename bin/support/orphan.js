// `npm start` puts a shell between npm and us. When npm is told to stop it tells the shell, and the usual one (dash)
// dies of it without a word to us: Frontdesk would run on with nobody left to stop it.

/** Takes the death of the shell for the SIGTERM that was meant for us. */
export function stopWhenOrphaned() {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 200)
  watch.unref()
}
