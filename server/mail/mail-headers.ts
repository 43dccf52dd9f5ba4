// What a mail tells programs: that nobody typed it, which one it is, what it belongs to, and how to get no more of them.
import type { Mail } from './mail.ts'

export function headersOf({ id, thread, unsubscribe }: Mail): Record<string, string> {
  return {
    'Auto-Submitted': 'auto-generated',
    ...(id === undefined ? {} : { 'Message-ID': id }),
    ...(thread === undefined ? {} : { 'In-Reply-To': thread, References: thread }),
    ...(unsubscribe === undefined ? {} : { 'List-Unsubscribe': `<${unsubscribe}>` }),
    // One click is for HTTPS alone (RFC 8058, section 3.1).
    ...(unsubscribe?.startsWith('https:') ? { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' } : {}),
  }
}
