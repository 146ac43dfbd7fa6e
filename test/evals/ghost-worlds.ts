/**
 * `node --import tsx test/evals/ghost-worlds.ts [--world NAME] [--show CLASS] [--thin]`: scores by class; what went wrong in a
 * class; with --thin what 70, 50 and 30 % of the training leave, over six seeds.
 */
import { parseArgs } from 'node:util'
import { barn } from './worlds/barn.ts'
import { conduit } from './worlds/conduit.ts'
import { depot } from './worlds/depot.ts'
import { desk } from './worlds/desk.ts'
import { fleet } from './worlds/fleet.ts'
import { ledger } from './worlds/ledger.ts'
import { playhouse } from './worlds/playhouse.ts'
import { press } from './worlds/press.ts'
import { stall } from './worlds/stall.ts'
import { quay } from './worlds/quay.ts'
import { clinic } from './worlds/clinic.ts'
import { surgery } from './worlds/surgery.ts'
import { tracker } from './worlds/tracker.ts'
import { calibrationError, chanceOf, play } from './worlds/world.ts'
import type { Score, World } from './worlds/world.ts'

const { values } = parseArgs({
  options: { world: { type: 'string' }, show: { type: 'string' }, thin: { type: 'boolean', default: false } },
})
const mean = (scores: readonly Score[]): string =>
  (scores.reduce((sum, s) => sum + s.fidelity, 0) / Math.max(1, scores.length)).toFixed(3)
const summary = (scores: readonly Score[]): string => {
  const leaks = scores.filter((s) => s.leaked).length
  const denied = scores.filter((s) => s.truth.status >= 400)
  const immortal = denied.filter((s) => s.immortal).length
  return `${mean(scores)}  leaks ${leaks}  false 2xx ${immortal} of ${denied.length}  calibration error ${calibrationError(scores).toFixed(3)}`
}

const show = (scores: readonly Score[], cls: string): void => {
  for (const { step, fidelity, truth, got, immortal } of scores) {
    if (cls === 'immortal' ? !immortal : fidelity > 0.97 || (cls !== 'all' && step.cls !== cls)) continue
    console.log(
      `${fidelity.toFixed(2)} ${step.method ?? 'GET'} ${step.path} ${JSON.stringify(step.json ?? '')} ${got.why}`,
    )
    console.log(`   T ${truth.status} ${JSON.stringify(truth.json)?.slice(0, 400)}`)
    console.log(`   A ${got.status} ${JSON.stringify(got.json)?.slice(0, 400)}`)
  }
}

const whole = async (world: World): Promise<void> => {
  const scores = await play(world)
  console.log(`${world.name} ${summary(scores)}`)
  for (const name of new Set(scores.map((s) => s.step.cls)))
    console.log(`  ${name} ${mean(scores.filter((s) => s.step.cls === name))}`)
  for (const rule of new Set(scores.map((s) => s.got.why))) {
    const made = scores.filter((s) => s.got.why === rule)
    const believed = made.reduce((sum, s) => sum + s.confidence, 0) / made.length
    console.log(`  by rule ${rule}: ${made.length} answers, right ${mean(made)}, believed ${believed.toFixed(3)}`)
  }
  if (values.show !== undefined) show(scores, values.show)
}

const thinned = async (world: World): Promise<void> => {
  for (const share of [0.7, 0.5, 0.3]) {
    const all: Score[] = []
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const chance = chanceOf(seed)
      all.push(...(await play(world, () => chance() < share)))
    }
    console.log(`${world.name} at ${share}: ${summary(all)}`)
    if (values.show !== undefined) show(all, values.show)
  }
}

for (const world of [
  conduit,
  desk,
  stall,
  press,
  fleet,
  depot,
  quay,
  clinic,
  tracker,
  surgery,
  playhouse,
  ledger,
  barn,
])
  if (values.world === undefined || world.name === values.world) await (values.thin ? thinned : whole)(world)
