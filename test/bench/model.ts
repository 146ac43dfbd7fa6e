/** The response model's bars: what its word costs at the ingress, for each ghost answer, and what a training takes. */
import { shippedPrior } from '../../processors/model/shipped.ts'
import { openTraining } from '../../processors/model/tfjs/spawn.ts'
import { LAYERS } from '../../processors/model/trial.ts'
import type { Row } from '../../processors/model/rows.ts'
import type { GhostBook } from '../../schemas/semantics/ghost-port.ts'
import { openGhostBook } from '../../schemas/semantics/ghosts/book.ts'
import { judgeBy } from '../../schemas/semantics/model/network.ts'
import { openOffline } from '../processors/ghosts/offline.ts'
import { best, costOf, round, stopwatch, type Cost, type Figure, type Section } from './kit/figure.ts'

const section = 'model'
const IDS = 200
const ANSWERS = 20_000
const ROUNDS = 5
/** ms */
const P99_BAR = 1
const ROWS = 4_000
/** s */
const TRAINING_BAR = 30

const now = 1_700_000_000_000_000

/** Two hundred books, half of them asked for. */
const learned = (books: readonly GhostBook[]): void => {
  const offline = openOffline((key, part) => books.forEach((book) => book.apply(key, part ?? undefined)))
  for (let i = 0; i < 4 * IDS; i++) {
    const id = i % (IDS / 2)
    offline.feed({ at: now + i * 1e6, target: `/books/${id}`, responseBody: JSON.stringify({ id, title: `T${id}` }) })
  }
}

const request = (i: number) => ({
  service: 'shop',
  method: 'GET',
  target: `/books/${i % IDS}`,
  headers: [],
  body: undefined,
  principal: '',
  at: now + 1e9,
})

const answering = (book: GhostBook): Cost => {
  const read = stopwatch()
  for (let i = 0; i < ANSWERS; i++) book.answer(request(i))
  return costOf(read(), ANSWERS)
}

const costFigures = (): Figure[] => {
  const network = shippedPrior()
  const took = new Float64Array(ANSWERS)
  let count = 0
  const judged = openGhostBook((_, evidence) => {
    const began = performance.now()
    const { right } = judgeBy(network, evidence())
    took[count++ % ANSWERS] = performance.now() - began
    return right
  })
  const plain = openGhostBook()
  learned([judged, plain])
  const rounds = Array.from({ length: ROUNDS }, () => [answering(judged), answering(plain)] as const)
  const [withIt, without] = [best(rounds.map(([a]) => a)), best(rounds.map(([, b]) => b))]
  const sorted = took.toSorted()
  const at = (share: number): number => round(sorted[Math.floor(share * ANSWERS)] ?? 0)
  const less = { section, better: 'less' as const }
  return [
    {
      ...less,
      name: 'a ghost answer that a model judges',
      unit: 'us CPU',
      value: round(withIt.micros),
      peer: { name: 'by tables alone', value: round(without.micros) },
    },
    { ...less, name: 'evidence and judgement, p50', unit: 'ms', value: at(0.5) },
    {
      ...less,
      name: 'evidence and judgement, p99',
      unit: 'ms',
      value: at(0.99),
      floor: { of: 'value' as const, at: P99_BAR },
    },
  ]
}

const rows = (count: number): Row[] =>
  Array.from({ length: count }, (_, i) => {
    const evidence = Uint8Array.from({ length: LAYERS[0] ?? 0 }, (_unused, k) =>
      (i * 31 + k * 17) % 5 === 0 ? 255 : 0,
    )
    const fidelity = (evidence[3] ?? 0) > 0 ? 1 : 0
    return { evidence, believed: 0.7, fidelity, told: 0, truth: 0, weight: 1 }
  })

/** The longest that there is: all rows that are kept, every epoch, no early end. */
const trainingFigure = async (): Promise<Figure> => {
  const training = openTraining()
  const began = performance.now()
  const all = rows(ROWS)
  await training.fit({
    layers: LAYERS,
    rows: all.slice(0, 2_400),
    held: [],
    epochs: 30,
    rate: 0.003,
    decay: 0.0003,
    seed: 1,
  })
  training.close()
  const value = round((performance.now() - began) / 1000)
  const floor = { of: 'value' as const, at: TRAINING_BAR }
  return { section, name: 'the longest training, its process with it', unit: 's', value, better: 'less', floor }
}

export const modelSection: Section = {
  name: section,
  run: async () => [...costFigures(), await trainingFigure()],
}
