// Pages that are made for whom they are shown to: plain, without scripts, in the looks of those that are files (static-pages.ts).
import { pagePolicy } from './static-pages.ts'

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it stands in a page, or in an attribute with quotes. */
export const html = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => escapes[character] ?? '')

export interface Page {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

interface More {
  /** Beside the one that all pages have. */
  readonly style?: string
  readonly formLeadsTo?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** `main` is HTML. */
export function htmlPage(title: string, main: string, { style, formLeadsTo, headers }: More = {}): Page {
  const styles = ['/pages/page.css', ...(style === undefined ? [] : [style])]
  return {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': pagePolicy({ formLeadsTo }),
      ...headers,
    },
    body: `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${html(title)} – Frontdesk</title>
${styles.map((href) => `    <link rel="stylesheet" href="${href}" />`).join('\n')}
  </head>
  <body>
    <main>
      <h1>${html(title)}</h1>
${main}
    </main>
  </body>
</html>
`,
  }
}
