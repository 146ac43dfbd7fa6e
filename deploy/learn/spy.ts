/** The topology as it is, with an ear at it: which endpoint each exchange got, what else was found, and by which exchange. */
import type { Anomaly, Drift } from '../../schemas/events.ts'
import type {
  Emit,
  Located,
  Locator,
  LocatorSteps,
  Processor,
  Steps,
  Strangeness,
  Topology,
} from '../../processors/kit/processor.ts'

export interface Heard {
  readonly drift: { readonly index: number; readonly found: Drift }[]
  readonly anomalies: { readonly index: number; readonly found: Anomaly }[]
  /** Endpoint by index, of what was located since it was last emptied. */
  readonly located: Map<number, Located | undefined>
  /** Strangeness by index, since it was last emptied. */
  readonly strange: Map<number, Strangeness>
  find: LocatorSteps['find']
}

/** Outputs belong to the exchange in hand, or, when time moved on, to the one that moved it. */
export const spyOn = (topology: Topology): { readonly topology: Topology; readonly heard: Heard } => {
  const heard: Heard = { drift: [], anomalies: [], located: new Map(), strange: new Map(), find: () => undefined }
  let index = -1
  const ear =
    (emit: Emit, at: number): Emit =>
    (topic, key, value) => {
      if (topic === 'drift' && value !== null) heard.drift.push({ index: at, found: value as Drift })
      if (topic === 'anomalies' && value !== null) heard.anomalies.push({ index: at, found: value as Anomaly })
      emit(topic, key, value)
    }
  const locator: Locator = {
    name: topology.locator.name,
    open: (stores) => {
      const steps = topology.locator.open(stores)
      heard.find = steps.find.bind(steps)
      return {
        ...steps,
        locate: (observation, emit) => {
          index = observation.offset
          const found = steps.locate(observation, ear(emit, index))
          heard.located.set(index, found.endpoint)
          return found
        },
      }
    },
  }
  const processors = topology.processors.map((processor): Processor => ({
    name: processor.name,
    open: (stores) => listen(processor.open(stores)),
  }))
  const listen = (steps: Steps): Steps => ({
    ...steps,
    ...(steps.observe && {
      observe: (observation, emit) => {
        steps.observe?.(observation, ear(emit, observation.offset))
        if (observation.strangeness !== undefined) heard.strange.set(observation.offset, observation.strangeness)
      },
    }),
    ...(steps.merged && { merged: (merge, emit) => steps.merged?.(merge, ear(emit, index)) }),
    ...(steps.advance && { advance: (time, emit) => steps.advance?.(time, ear(emit, index + 1)) }),
  })
  return { topology: { locator, processors }, heard }
}
