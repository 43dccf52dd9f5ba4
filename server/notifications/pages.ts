import { html, htmlPage } from '../http/html-page.ts'

const button = (action: string, label: string) => `      <form method="post" action="${html(action)}">
        <button type="submit">${html(label)}</button>
      </form>`

/** `here` is where the page is: whoever sends its form says the opposite of what holds. */
export function settingPage(here: string, notifications: boolean) {
  return notifications
    ? htmlPage(
        'Mails about tickets',
        `      <p>You get a mail when there is something new in a ticket that you opened, or that you look after.</p>\n${button(here, 'Stop these mails')}`,
      )
    : htmlPage(
        'No more mails',
        `      <p>You get no mails about tickets. Mails that you ask for, such as one for a new password, still come.</p>\n${button(`${here}&resume=yes`, 'Send them again')}`,
      )
}

export const noLinkPage = htmlPage(
  'This link does not work',
  '      <p>Perhaps not all of it was copied, or mail goes to another address by now. Try the link in the latest mail.</p>',
)
