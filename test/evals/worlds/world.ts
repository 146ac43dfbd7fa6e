/**
 * Small servers with stories to check ghosts on APIs that nobody tuned them for. A story trains on a server through the
 * real pipeline (templates and ghosts, over the log's own encoding), then goes on twice: against the server and against
 * the ghosts alone. Scores are as in the shared evaluation; what two runs of the server differ in counts as volatile.
 */
import type { Answer, Ask, OnSample } from './pipeline.ts'
import { openGhosts } from './pipeline.ts'

export type { Answer, Ask }
/** A server with its state inside. `chance` gives the same numbers for the same seed. */
export type OpenServer = (chance: () => number) => (ask: Ask) => Answer

export interface Step {
  readonly cls?: string
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  /** Values of the answer that later steps use as {{name}}: name and pointer. */
  readonly save?: Readonly<Record<string, string>>
  /** Texts of others that must not be in the answer. */
  readonly forbid?: readonly string[]
}
export interface World {
  readonly name: string
  readonly open: OpenServer
  readonly train: readonly Step[]
  readonly test: readonly Step[]
}

export const chanceOf = (seed: number): (() => number) => {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export interface Chapter {
  readonly weight: number
  readonly steps: (i: number) => readonly Step[]
}

/** So many chapters, drawn by their weights. */
export const tell = (chapters: readonly Chapter[], count: number, chance: () => number): Step[] => {
  const all = chapters.flatMap((chapter) => Array.from({ length: chapter.weight }, () => chapter))
  return Array.from({ length: count }, (_, i) => all[Math.floor(chance() * all.length)]?.steps(i) ?? []).flat()
}

/** The second half only sometimes. */
export const maybe = (likely: number, chance: () => number, steps: readonly Step[]): readonly Step[] =>
  chance() < likely ? steps : []

export const picker =
  (chance: () => number) =>
  <T>(list: readonly T[]): T =>
    list[Math.floor(chance() * list.length)] as T

type Saved = Map<string, string>
const filled = (text: string, saved: Saved): string =>
  text.replace(/\{\{(\w+)\}\}/g, (all, name: string) => saved.get(name) ?? all)
const pointed = (json: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | null | undefined)?.[name], json)

const askOf = (step: Step, saved: Saved, now: number): Ask => ({
  method: step.method ?? 'GET',
  path: filled(step.path, saved),
  headers: Object.fromEntries(Object.entries(step.headers ?? {}).map(([k, v]) => [k, filled(v, saved)])),
  json: step.json === undefined ? undefined : JSON.parse(filled(JSON.stringify(step.json), saved)),
  now,
})
const save = (step: Step, json: unknown, saved: Saved): void => {
  for (const [name, pointer] of Object.entries(step.save ?? {})) {
    const value = pointed(json, pointer)
    saved.set(name, value === undefined || value === null ? `none-${name}` : String(value))
  }
}

const leavesOf = (json: unknown, at = ''): [string, unknown][] => {
  const entries = typeof json === 'object' && json !== null ? Object.entries(json) : []
  return entries.length === 0 ? [[at, json]] : entries.flatMap(([name, value]) => leavesOf(value, `${at}/${name}`))
}
const shapeOf = (json: unknown, at = ''): string[] => {
  const kind = json === null ? 'null' : Array.isArray(json) ? 'array' : typeof json
  if (kind !== 'object' && kind !== 'array') return [`${at} ${kind}`]
  const entries = Object.entries(json as object)
  return [`${at} ${kind}`, ...entries.flatMap(([name, v]) => shapeOf(v, `${at}/${kind === 'array' ? '*' : name}`))]
}
/** Captured values by their names, so that ids of the ghosts' own making compare. */
const named = (value: unknown, saved: Saved): unknown => {
  for (const [name, known] of saved) if (String(value) === known) return `{{${name}}}`
  return value
}

interface Told {
  readonly answer: Answer
  readonly saved: Saved
}

export interface Score {
  readonly step: Step
  readonly fidelity: number
  readonly confidence: number
  /** What a model would judge the answer by. */
  readonly evidence: Uint8Array | undefined
  readonly truth: Answer
  readonly got: Answer & { readonly why: string }
  readonly leaked: boolean
  readonly immortal: boolean
}

const bodyScore = (truth: Told, twin: Told, got: Told): number => {
  if (truth.answer.json === undefined) return 1
  const [a, b] = [new Set(shapeOf(truth.answer.json)), new Set(shapeOf(got.answer.json ?? ''))]
  const common = [...a].filter((place) => b.has(place)).length
  const other = new Map(leavesOf(twin.answer.json))
  const mine = new Map(leavesOf(got.answer.json))
  const stable = leavesOf(truth.answer.json).filter(
    ([p, v]) => named(v, truth.saved) === named(other.get(p), twin.saved),
  )
  const right = stable.filter(([p, v]) => mine.has(p) && named(mine.get(p), got.saved) === named(v, truth.saved)).length
  return 0.2 + (0.3 * 2 * common) / (a.size + b.size) + (stable.length === 0 ? 0.5 : (0.5 * right) / stable.length)
}

/** An answer as it leaves the server: later changes of its state do not change it. */
const told = (serve: ReturnType<OpenServer> | undefined, ask: Ask): Answer =>
  structuredClone(serve?.(ask) ?? { status: 0 })

const START = 1_700_000_000_000

/** Trains on a share of the story's train part, then scores its test part. */
export const play = async (
  world: World,
  keep: (i: number) => boolean = () => true,
  onSample: OnSample = () => undefined,
): Promise<Score[]> => {
  const pipeline = await openGhosts(world.name, onSample)
  const servers = [1, 1].map((seed) => world.open(chanceOf(seed)))
  const trained: Saved = new Map()
  let now = START
  for (const [i, step] of world.train.entries()) {
    now += 1000
    const ask = askOf(step, trained, now)
    const [answer] = servers.map((serve) => told(serve, ask))
    if (answer === undefined) continue
    save(step, answer.json, trained)
    if (keep(i)) pipeline.learn(ask, answer)
  }
  if (pipeline.deadLetters.length > 0) throw new Error(pipeline.deadLetters[0])
  const [truths, twins, gots] = [new Map(trained), new Map(trained), new Map(trained)]
  return world.test.map((step, i) => {
    now += 1000
    const truth = told(servers[0], askOf(step, truths, now))
    // The twin lives an hour later and draws other numbers: what differs is volatile.
    if (i === 0) servers[1]?.({ method: 'TWIN', path: '/', headers: {}, json: undefined, now })
    const twin = told(servers[1], askOf(step, twins, now + 3_600_000))
    const got = pipeline.answer(askOf(step, gots, now))
    save(step, truth.json, truths)
    save(step, twin.json, twins)
    save(step, got.status < 300 ? got.json : undefined, gots)
    const right = { answer: truth, saved: truths }
    const leaked = (step.forbid ?? []).some((text) => got.text.includes(text))
    const isRight = truth.status === got.status && !leaked
    const fidelity = isRight
      ? truth.status >= 400
        ? 1
        : bodyScore(right, { answer: twin, saved: twins }, { answer: got, saved: gots })
      : 0
    const immortal = truth.status >= 400 && truth.status < 500 && got.status < 300
    return { step, fidelity, confidence: got.confidence, evidence: got.evidence, truth, got, leaked, immortal }
  })
}

/** Expected calibration error (Naeini et al. 2015) over ten bins: the confidence against the fidelity that came of it. */
export const calibrationError = (scores: readonly Score[]): number => {
  const answered = scores.filter((s) => s.confidence > 0)
  let error = 0
  for (let bin = 0; bin < 10; bin++) {
    const inside = answered.filter((s) => Math.min(9, Math.floor(s.confidence * 10)) === bin)
    const gap = inside.reduce((sum, s) => sum + s.confidence - s.fidelity, 0)
    error += Math.abs(gap) / Math.max(1, answered.length)
  }
  return error
}
