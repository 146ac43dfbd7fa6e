/** Ghosts on servers that they were not made for: how right they are, and what must never happen. */
import { describe, expect, it } from 'vitest'
import { clinic } from './clinic.ts'
import { conduit } from './conduit.ts'
import { depot } from './depot.ts'
import { desk } from './desk.ts'
import { fleet } from './fleet.ts'
import { playhouse } from './playhouse.ts'
import { press } from './press.ts'
import { quay } from './quay.ts'
import { stall } from './stall.ts'
import { surgery } from './surgery.ts'
import { tracker } from './tracker.ts'
import { calibrationError, chanceOf, play } from './world.ts'
import type { Score } from './world.ts'

const mean = (scores: readonly Score[]): number => scores.reduce((sum, s) => sum + s.fidelity, 0) / scores.length

const worlds = [conduit, desk, stall, press, fleet, depot].map((world) => ({ name: world.name, world, least: 0.95 }))
/** Much of these is in one credential's hands only, or follows from nothing that was shown. */
const scattered = [quay, clinic, tracker, surgery, playhouse].map((world) => ({ name: world.name, world, least: 0.85 }))

describe.each([...worlds, ...scattered])('$name', ({ world, least }) => {
  it(`is answered for rightly (0.95, or 0.85 where much is unknowable), with no leak and no false 2xx`, async () => {
    const scores = await play(world)
    expect(mean(scores)).toBeGreaterThan(least)
    expect(scores.filter((s) => s.leaked)).toEqual([])
    expect(scores.filter((s) => s.immortal).map((s) => s.step)).toEqual([])
    expect(calibrationError(scores)).toBeLessThan(0.1)
  })

  it.each([0.5, 0.3])('leaks nothing when only %s of it was seen', async (share) => {
    const chance = chanceOf(share * 10)
    const scores = await play(world, () => chance() < share)
    expect(scores.filter((s) => s.leaked).map((s) => s.step)).toEqual([])
  })
})
