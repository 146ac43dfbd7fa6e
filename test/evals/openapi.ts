/** Learns each API of the paths' set and puts its OpenAPI document before a strict validator. */
import { compileErrors, validate } from '@readme/openapi-parser'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

type Document = Parameters<typeof validate>[0]

/** True when the validator has no complaint about the document that `learn` wrote into `folder`. */
export const judgeOpenApi = async (name: string, folder: string): Promise<boolean> => {
  const text = readFileSync(join(folder, 'openapi.json'), 'utf8')
  const document = JSON.parse(text) as { paths: object }
  const result = await validate(document as unknown as Document)
  const paths = String(Object.keys(document.paths).length).padStart(4)
  console.log(`   ${name.padEnd(24)} ${paths} paths  ${result.valid ? 'valid' : compileErrors(result)}`)
  return result.valid
}
