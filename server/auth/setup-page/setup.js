// Sends the first admin's name and password together with the token that stands behind the # of the link.
const form = document.querySelector('#form')
const problem = document.querySelector('#problem')
const button = form.querySelector('button')

if (!location.hash) {
  form.hidden = true
  document.querySelector('#lead').textContent =
    'Open this page by the link that Frontdesk prints when it starts: the part behind the # is missing.'
}

function show(text) {
  problem.textContent = text
  problem.hidden = false
}

async function explain(response) {
  const body = await response.json()
  return body.errors?.map((error) => `${error.pointer.slice(1)} ${error.detail}`).join('; ') ?? body.detail
}

async function createAdmin() {
  problem.hidden = true
  if (form.password.value !== form.again.value) return show('The two passwords are not the same.')
  button.disabled = true
  try {
    const response = await fetch('/api/v1/setup', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        token: location.hash.slice(1),
        username: form.username.value,
        password: form.password.value,
      }),
    })
    if (response.ok) welcome()
    else show(await explain(response))
  } catch {
    show('Frontdesk does not answer. Is it still running?')
  } finally {
    button.disabled = false
  }
}

function welcome() {
  // The link is used up; keep it out of the history.
  history.replaceState(null, '', location.pathname)
  document.querySelector('#name').textContent = form.username.value
  document.querySelector('#lead').hidden = true
  form.hidden = true
  const done = document.querySelector('#done')
  done.hidden = false
  done.focus()
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void createAdmin()
})
