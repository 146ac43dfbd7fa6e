/** What proves who we are to Kafka and to the registry: the configuration's words as their clients want them. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { KafkaLogOptions } from '../../processors/runtime/logs/kafka/client.ts'
import type { RegistryOptions } from '../../schemas/registry.ts'
import type { Config } from '../../schemas/config.ts'
import { CliError, EXIT } from '../cli/failure.ts'

type LogConfig = Config['log']
type Files = Exclude<LogConfig['ssl'], boolean>

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
}

const pem = (setting: string, file: string): string => {
  const cure = `correct ${setting}; a path counts from the folder in which chaos-proxy starts`
  let text: string
  try {
    text = readFileSync(resolve(file), 'utf8')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new CliError(`${setting}: ${resolve(file)}: ${reasons[code ?? ''] ?? message}`, {
      cure,
      exit: EXIT.usage,
      cause,
    })
  }
  if (text.includes('-----BEGIN ')) return text
  throw new CliError(`${setting}: ${resolve(file)} is no PEM file: it holds no "-----BEGIN" line`, {
    cure: 'convert it (openssl x509 -in FILE -inform der -out FILE.pem), or name another',
    exit: EXIT.usage,
  })
}

const tlsOf = (files: Files): Exclude<KafkaLogOptions['ssl'], boolean | undefined> =>
  Object.fromEntries(
    (['ca', 'cert', 'key'] as const)
      .filter((name) => files[name] !== '')
      .map((name) => [name, pem(`log.ssl.${name}`, files[name])]),
  )

/** Reads the certificates; throws a CliError that says which setting names what cannot be read. */
export const kafkaSecurity = ({ ssl, sasl }: LogConfig): Pick<KafkaLogOptions, 'ssl' | 'sasl'> => ({
  ...(ssl === false ? {} : { ssl: ssl === true ? true : tlsOf(ssl) }),
  ...(sasl.username === '' ? {} : { sasl }),
})

/** A user in the URL and one in `registryAuth` mean the same; the latter wins. The URL goes on without. */
export const registrySecurity = ({ registry, registryAuth }: LogConfig): RegistryOptions => {
  const url = new URL(registry)
  const inUrl = { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }
  url.username = ''
  url.password = ''
  const auth = registryAuth.username === '' ? inUrl : registryAuth
  return { url: url.href.replace(/\/$/, ''), ...(auth.username === '' ? {} : { auth }) }
}
