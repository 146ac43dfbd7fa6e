/** Where an upstream's address leads: an IPv6 address without its brackets, the scheme's own port where none is given. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly secure: boolean
}

export const addressOf = (url: string | URL): Address => {
  const { protocol, hostname, port } = new URL(url)
  const secure = protocol === 'https:'
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? (secure ? 443 : 80) : Number(port), secure }
}
