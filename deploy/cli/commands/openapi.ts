/** `openapi`: the API as it was learned, as an OpenAPI 3.1 document; of what runs, through the admin API. */
import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { stringify } from 'yaml'
import { adminOf } from '../admin-of.ts'
import { CliError } from '../failure.ts'
import { withPlace, type CommonFlags } from '../options.ts'
import { displayPath, openTerminal } from '../terminal.ts'

interface OpenApiFlags extends CommonFlags {
  readonly output?: string
}

interface Document {
  readonly paths: Readonly<Record<string, object>>
}

const write = (file: string, text: string): void => {
  try {
    writeFileSync(file, text)
  } catch (cause) {
    throw new CliError(`cannot write ${file}: ${(cause as Error).message}`, {
      cure: 'name another file with -o',
      cause,
    })
  }
}

/** JSON where it was asked for, by flag or by the file's name; else YAML. */
const textOf = (document: Document, { output, json }: OpenApiFlags): string => {
  const asJson = json === true || output?.endsWith('.json') === true
  return asJson ? `${JSON.stringify(document, null, 2)}\n` : stringify(document, { aliasDuplicateObjects: false })
}

const run = async (flags: OpenApiFlags): Promise<void> => {
  const { service, output } = flags
  const query = service === undefined ? '' : `?service=${encodeURIComponent(service)}`
  const document = await adminOf(flags).get<Document>(`/admin/docs/openapi.json${query}`)
  const text = textOf(document, flags)
  const { print } = openTerminal()
  if (output === undefined) return print(text.trimEnd())
  write(output, text)
  const operations = Object.values(document.paths).reduce((sum, item) => sum + Object.keys(item).length, 0)
  print(`${operations} operations on ${Object.keys(document.paths).length} paths, written to ${displayPath(output)}`)
}

export const registerOpenApi = (program: Command): void => {
  withPlace(program.command('openapi'))
    .description('what was learned, as an OpenAPI 3.1 document')
    .option('-o, --output <file>', 'write it there: JSON if its name ends in .json, else YAML')
    .option('--service <name>', 'of this service only')
    .action(run)
}
