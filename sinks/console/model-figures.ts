/** Response models in figures: how each did against the tables, whether it is in use, and what it takes at the ingress. */
import { Gauge, type Registry } from 'prom-client'
import type { Model } from '../../schemas/events.ts'
import { EVIDENCE_VERSION } from '../../schemas/semantics/model/evidence.ts'
import type { Knowledge } from './knowledge.ts'

/** Published, and of the evidence that an ingress of this version reads. */
export const isUsed = ({ state, version }: Model): boolean => state === 'published' && version === EVIDENCE_VERSION

export interface Inference {
  /** Ghost answers that a model judged. */
  readonly count: number
  readonly mean_ms: number
  /** At most; null beyond the largest bucket. */
  readonly p99_ms: number | null
}

const LINE = /^chaosproxy_model_inference_seconds_(?:bucket\{.*?le="([^"]+)".*?\}|(sum|count)(?:\{.*?\})?) (\S+)/gm
const SHARE = 0.99

/** What the histogram's lines say, added up over the processes that they are of. */
export const inferenceIn = (metrics: string): Inference | null => {
  const sums = new Map<string, number>()
  for (const [, le = '', total = le, value] of metrics.matchAll(LINE))
    sums.set(total, (sums.get(total) ?? 0) + Number(value))
  const count = sums.get('count') ?? 0
  if (count === 0) return null
  const bounds = [...sums].filter(([le, below]) => Number(le) >= 0 && below >= SHARE * count).map(([le]) => Number(le))
  const p99_ms = bounds.length === 0 ? null : 1000 * Math.min(...bounds)
  return { count, mean_ms: (1000 * (sums.get('sum') ?? 0)) / count, p99_ms }
}

/** Registers `chaosproxy_model_*`; once per registry. */
export const modelGauges = (registry: Registry, { models }: Pick<Knowledge, 'models'>): void => {
  if (registry.getSingleMetric('chaosproxy_model_published') !== undefined) return
  const registers = [registry]
  const gauge = (name: string, help: string, labelNames: string[], put: (at: Gauge, model: Model) => void): void => {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset()
        for (const model of models.values()) put(this, model)
      },
    })
  }
  gauge(
    'chaosproxy_model_published',
    'Whether the response model of a service is in use: 1, or 0 where the tables did better or it does not fit',
    ['service', 'origin'],
    (at, model) => at.set({ service: model.service, origin: model.origin }, isUsed(model) ? 1 : 0),
  )
  gauge(
    'chaosproxy_model_evaluation',
    'Measures of the newest trial on exchanges held back, of the tables and of the model',
    ['service', 'measure', 'by'],
    (at, { service, evaluation }) => {
      for (const { name, tables, model } of evaluation) {
        const measure = name.replaceAll(' ', '_')
        at.set({ service, measure, by: 'tables' }, tables)
        at.set({ service, measure, by: 'model' }, model)
      }
    },
  )
  gauge(
    'chaosproxy_model_samples',
    'Scored answers that the newest trial was trained on, and held back from it',
    ['service', 'part'],
    (at, { service, trainedOn, heldBack }) => {
      at.set({ service, part: 'trained' }, trainedOn)
      at.set({ service, part: 'held' }, heldBack)
    },
  )
  gauge(
    'chaosproxy_model_updated_timestamp_seconds',
    'Event time of the newest sample of the newest trial',
    ['service'],
    (at, { service, at: newest }) => at.set({ service }, newest / 1e6),
  )
}
