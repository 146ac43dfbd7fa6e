/** A configuration fit to be shown: passwords and tokens are in nobody's scrollback and on nobody's screen. */
import { shown } from '../../sinks/webhook/delivery.ts'
import { layer, leaves, pathText, type Path } from './tree.ts'

/** The URL of a chat's webhook is its secret. */
const isWebhook = ([room, kind, , name]: Path): boolean => room === 'alerts' && kind === 'webhooks' && name === 'url'

const SECRET: readonly string[] = ['admin.token', 'log.sasl.password', 'log.registryAuth.password']

export const masked = (path: Path, value: unknown): unknown => {
  if (typeof value !== 'string' || value === '') return value
  if (SECRET.includes(pathText(path)) || path.at(-1) === 'secret') return '***'
  if (isWebhook(path) && URL.canParse(value)) return shown(value)
  return value.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1***@').replace(/([?&]password=)[^&#]*/gi, '$1***')
}

export const maskedConfig = (config: object): Readonly<Record<string, unknown>> => {
  const origin = { kind: 'file', where: '' } as const
  const entries = leaves(config).map(({ path, value }) => ({ path, value: masked(path, value), origin }))
  return layer(entries) as Readonly<Record<string, unknown>>
}
