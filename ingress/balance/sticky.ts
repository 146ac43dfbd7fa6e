/** Sticky by cookie: what names the upstream is a keyed token, so that a client learns nothing of it and can make none up. */

/** Name, value, name, value… */
type FieldLines = readonly string[]

export interface Sticky {
  /** Name of the cookie. */
  readonly name: string
  /** Seconds. */
  readonly ttl: number
}

const isCookie = (name: string): boolean => name.length === 6 && name.toLowerCase() === 'cookie'

const named = (pair: string, name: string): boolean => {
  const text = pair.trimStart()
  return text.startsWith(name) && text.charCodeAt(name.length) === 61
}

/** The value of the cookie, '' when the fields have none. */
export const cookieOf = (lines: FieldLines, name: string): string => {
  for (let i = 0; i < lines.length; i += 2) {
    const value = lines[i + 1] as string
    if (!isCookie(lines[i] as string) || !value.includes(name)) continue
    const pair = value.split(';').find((part) => named(part, name))
    if (pair !== undefined) return pair.trim().slice(name.length + 1)
  }
  return ''
}

/** The fields without that cookie: it is between the client and the proxy. The same lines when there is none. */
export const withoutCookie = (lines: FieldLines, name: string): FieldLines => {
  if (cookieOf(lines, name) === '') return lines
  const kept: string[] = []
  for (let i = 0; i < lines.length; i += 2) {
    const field = lines[i] as string
    const value = lines[i + 1] as string
    const left = isCookie(field)
      ? value
          .split(';')
          .filter((part) => !named(part, name))
          .join(';')
          .trim()
      : value
    if (left !== '' || !isCookie(field)) kept.push(field, left)
  }
  return kept
}

/** The value of the Set-Cookie that binds a client to an upstream. */
export const stickyCookie = ({ name, ttl }: Sticky, token: string, secure: boolean): string =>
  `${name}=${token}; Path=/; Max-Age=${ttl}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
