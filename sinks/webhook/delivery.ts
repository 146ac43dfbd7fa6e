/** One message, sent once: to the URL that was configured and to no other, wherever it points on (redirects are refusals). */
import { headersOf } from './signature.ts'

export interface Address {
  readonly url: string
  /** Empty: not signed. */
  readonly secret: string
}

/** `refused`: it will hardly be taken next time either; `gone`: never (RFC 9110 15.5.11); `away`: it may be, any time. */
export interface Outcome {
  readonly kind: 'delivered' | 'refused' | 'gone' | 'away'
  readonly reason: string
}

const TIMEOUT_MS = 10_000
/** 4xx that ask to come again (RFC 9110 15.5.9, RFC 8470, RFC 6585). */
const COME_AGAIN = new Set([408, 425, 429])
const GONE = 410

const outcomeOf = (status: number): Outcome => {
  const reason = `it answers ${status}`
  if (status >= 200 && status < 300) return { kind: 'delivered', reason }
  if (status === GONE) return { kind: 'gone', reason }
  return { kind: status >= 300 && status < 500 && !COME_AGAIN.has(status) ? 'refused' : 'away', reason }
}

/** Chats put their secret into the path. */
const TOKEN = /(?<=\/)[^/]{16,}/g

/** For people and for logs: no credentials, no query, nothing that may be a token. */
export const shown = (url: string): string => {
  const { origin, pathname } = new URL(url)
  return origin + pathname.replaceAll(TOKEN, '…')
}

/** A name and a password in the URL become basic auth; `fetch` refuses them there. */
const withoutLogin = (text: string): { readonly url: URL; readonly login: Readonly<Record<string, string>> } => {
  const url = new URL(text)
  const { username, password } = url
  if (username === '' && password === '') return { url, login: {} }
  url.username = ''
  url.password = ''
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { url, login: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } }
}

/** The id is the same at every attempt, so that the receiver can tell what it has. */
export const send = async ({ url: text, secret }: Address, id: string, body: string): Promise<Outcome> => {
  const message = { id, timestamp: Math.floor(Date.now() / 1000), body }
  try {
    const { url, login } = withoutLogin(text)
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headersOf(message, secret), ...login },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    await response.body?.cancel()
    return outcomeOf(response.status)
  } catch (error) {
    const { cause, message: what } = error as Error & { readonly cause?: { readonly code?: string } }
    return { kind: 'away', reason: cause?.code ?? what }
  }
}
