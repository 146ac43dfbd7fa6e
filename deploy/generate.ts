/**
 * Writes schemas/generated/avro.ts and asyncapi.json from schemas/avro and the topic registry, and the dashboards from
 * deploy/grafana. Run by `npm run generate`; tests hold them to their sources.
 */
import { readdirSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { asyncapi } from '../schemas/asyncapi.ts'
import { dashboardFiles } from './grafana/dashboards.ts'

const avroDir = new URL('../schemas/avro/', import.meta.url)
const outDir = new URL('../schemas/generated/', import.meta.url)
const dashboardsDir = new URL('grafana/dashboards/', import.meta.url)

/** The generated files by name. */
export const generated = (): Record<string, string> => {
  const schemas = Object.fromEntries(
    readdirSync(avroDir)
      .filter((f) => f.endsWith('.avsc'))
      .sort()
      .map((f) => [f.slice(0, -'.avsc'.length), JSON.parse(readFileSync(new URL(f, avroDir), 'utf8')) as object]),
  )
  return {
    'avro.ts': `/** Generated from schemas/avro by \`npm run generate\`: do not edit. */\nexport const avroSchemas: Readonly<Record<string, object>> = ${JSON.stringify(schemas, null, 2)}\n`,
    'asyncapi.json': `${JSON.stringify(asyncapi(schemas), null, 2)}\n`,
  }
}

const write = (folder: URL, files: Record<string, string>): void => {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(new URL(name, folder), text)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  write(outDir, generated())
  write(dashboardsDir, dashboardFiles())
}
