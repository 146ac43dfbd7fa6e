/** By the letter: the Compose Specification's own schema, its own loader where there is Go, and a linter of Dockerfiles. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { compose, dotEnv, filledIn, textOf } from './files.ts'

const COMPOSE_GO = 'github.com/compose-spec/compose-go/v2/cmd@v2.16.2'

const LINTER = 'dockerfile-utils@0.16.3'

const ran = (dir: string, file: string, ...args: string[]) =>
  spawnSync(file, args, { cwd: dir, env: { ...process.env, GOBIN: dir }, encoding: 'utf8', timeout: 200_000 })

const complaints = (document: object): unknown[] => {
  const schema = JSON.parse(readFileSync(new URL('./compose-spec.json', import.meta.url), 'utf8')) as object
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  ajv.validate(schema, document)
  return (ajv.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

test('it is what the schema of the Compose Specification allows', () => {
  expect(complaints(compose())).toEqual([])
  const { services } = compose()
  expect(complaints({ services: { ...services, ingress: { ...services['ingress'], read_onyl: true } } })).not.toEqual(
    [],
  )
})

test('its loader takes it: merges, mounts, secrets, dependencies', { timeout: 240_000 }, (context) => {
  const dir = mkdtempSync(join(tmpdir(), 'cp-compose-'))
  try {
    const { status, stderr } = ran(dir, 'go', 'install', COMPOSE_GO)
    if (status !== 0) {
      console.warn(`compose-go is left out: install Go (${stderr ?? 'there is none'})`)
      return context.skip()
    }
    writeFileSync(join(dir, 'compose.yaml'), filledIn(textOf('compose.yaml'), dotEnv()))
    const loaded = ran(dir, join(dir, 'cmd'), '--format', 'json', 'compose.yaml')
    expect(loaded.stderr).toBe('')
    expect(Object.keys((JSON.parse(loaded.stdout) as { services: object }).services).sort()).toEqual(
      Object.keys(compose().services).sort(),
    )
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

test('a linter has nothing to say of the Dockerfile, and would', { timeout: 120_000 }, (context) => {
  const dir = mkdtempSync(join(tmpdir(), 'cp-dockerfile-'))
  const lint = (text: string) => {
    const file = join(dir, 'Dockerfile')
    writeFileSync(file, text)
    return ran(dir, 'npx', '--yes', LINTER, 'lint', file)
  }
  try {
    const bad = lint('FROM a\nFRMO b\n').stdout
    if (!bad.includes('Unknown instruction: FRMO')) {
      console.warn(`${LINTER} is left out: npx cannot fetch it`)
      return context.skip()
    }
    expect(lint(textOf('Dockerfile'))).toMatchObject({ status: 0, stdout: '' })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
