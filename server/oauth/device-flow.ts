// Devices without a browser (RFC 8628): the page where a person types the code that one shows, and what they are asked then.
import type { Client, KoaContextWithOIDC } from 'oidc-provider'
import { arrivalOf } from './arrivals.ts'
import { show } from './koa-pages.ts'
import { deviceCodePage, deviceConfirmPage, deviceDonePage } from './protocol-pages.ts'

const action = '/oauth/device'

/** The words of oidc-provider's errors that a person is shown the page with the code again for. */
const problems: Readonly<Record<string, string>> = {
  NotFoundError: 'There is no such code. Look again at what the device shows.',
  ExpiredError: 'This code has expired. Begin anew on the device.',
  AlreadyUsedError: 'This code was used already. Begin anew on the device.',
  NoCodeError: 'Type the code that the device shows.',
  AbortedError: 'Stopped. The device gets no access.',
}

const secretOf = ({ oidc }: KoaContextWithOIDC) =>
  (oidc.session as { state?: { secret?: string } } | undefined)?.state?.secret ?? ''

export const deviceFlow = {
  charset: 'base-20',
  mask: '****-****',
  // Nothing of a device is kept but what it asked.
  deviceInfo: () => ({}),
  async userCodeInputSource(
    koa: KoaContextWithOIDC,
    _form: string,
    out?: unknown,
    error?: Error & { userCode?: string },
  ) {
    show(
      koa,
      deviceCodePage({
        action,
        secret: secretOf(koa),
        code: error?.userCode ?? arrivalOf(koa.req)?.userCode ?? '',
        problem:
          out === undefined
            ? undefined
            : (problems[error?.name ?? ''] ?? 'That did not work. Begin anew on the device.'),
      }),
    )
  },
  async userCodeConfirmSource(
    koa: KoaContextWithOIDC,
    _form: string,
    client: Client,
    _info: unknown,
    code: string,
  ) {
    show(
      koa,
      deviceConfirmPage({
        action,
        secret: secretOf(koa),
        code,
        client: client.clientName ?? client.clientId,
      }),
    )
  },
  async successSource(koa: KoaContextWithOIDC) {
    const { client } = koa.oidc
    show(koa, deviceDonePage(client?.clientName ?? client?.clientId ?? ''))
  },
} as const
