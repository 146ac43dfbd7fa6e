/** `npm run evals -- [--data DIR] [--answers OUT] [paths|paths-hard|drift|anomaly|ghost]…`: answers and scores. */
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { sets } from './sets.ts'

const { values, positionals } = parseArgs({
  options: { data: { type: 'string', default: '../shared/evals' }, answers: { type: 'string' } },
  allowPositionals: true,
})
const data = resolve(values.data)
const answers = resolve(values.answers ?? mkdtempSync(join(tmpdir(), 'chaos-answers-')))
mkdirSync(answers, { recursive: true })

const unknown = positionals.filter((name) => !(name in sets))
if (unknown.length > 0 || !existsSync(data)) {
  console.error(
    unknown.length > 0
      ? `no set ${unknown.join(', ')}: there are ${Object.keys(sets).join(', ')}`
      : `no folder ${data}: name it with --data`,
  )
  process.exit(2)
}

for (const name of positionals.length > 0 ? positionals : Object.keys(sets)) {
  if (!existsSync(join(data, name))) continue
  const start = performance.now()
  console.log(`== ${name}`)
  if (!(await sets[name]?.({ data, answers }))) process.exitCode = 1
  console.log(`   ${((performance.now() - start) / 1000).toFixed(1)} s; answers in ${answers}`)
}
