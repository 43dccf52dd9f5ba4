// What every page's form does: send itself to the API, and say what came of it, also to whom cannot see.

/** @param {string} selector */
export const find = (selector) => document.querySelector(selector)

const form = find('form')
const problem = find('#problem')

/** @param {string} text */
export function show(text) {
  problem.textContent = text
  problem.hidden = false
}

/** @param {Response} response */
async function explain(response) {
  const body = await response.json()
  return body.errors?.map((error) => `${error.pointer.slice(1)} ${error.detail}`).join('; ') ?? body.detail
}

/**
 * Answers the reply, or undefined after having shown why there is none.
 * @param {string} path
 * @param {object} body
 * @param {RequestInit} [options]
 */
export async function send(path, body, options) {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...options,
    })
    if (response.ok) return response
    show(await explain(response))
  } catch {
    show('Frontdesk does not answer. Is it still running?')
  }
  return undefined
}

/**
 * Calls `submit` each time that the form is sent, and not again before it has ended.
 * @param {() => Promise<void>} submit
 */
export function onSubmit(submit) {
  const button = form.querySelector('button')
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    problem.hidden = true
    button.disabled = true
    await submit()
    button.disabled = false
  })
}

/** False, having said so, where a new password and its repetition differ. */
export function isSameTwice() {
  const same = form.password.value === form.again.value
  if (!same) show('The two passwords are not the same.')
  return same
}

/**
 * The secret behind the # of the link that led here; without one the form is hidden, and `otherwise` is said.
 * @param {string} otherwise
 */
export function secretOfLink(otherwise) {
  const secret = location.hash.slice(1)
  if (secret === '') {
    form.hidden = true
    find('#lead').textContent = otherwise
  }
  return secret
}

/** The link is used up: out of the history with it, and on to what comes next. */
export function finish() {
  history.replaceState(null, '', location.pathname)
  find('#lead').hidden = true
  form.hidden = true
  const done = find('#done')
  done.hidden = false
  done.focus()
}
