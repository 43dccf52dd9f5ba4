/** Tells the person at the terminal. Standard output is for logs. */
export function say(sentence: string) {
  process.stderr.write(`${sentence}\n`)
}
