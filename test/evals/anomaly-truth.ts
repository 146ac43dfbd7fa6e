/** What happened in a world of anomaly-worlds.ts, and how much of it there is to see. */
import type { Request } from './anomaly-attacks.ts'
import { CAMPAIGNS } from './anomaly-campaigns.ts'
import { seasonOf, START, USUAL_FAILING, type Incident, type Operation, type World } from './anomaly-scenes.ts'

/** What a window holds of evidence, in nats, for one who knows where it is and how everything is distributed. */
const evidenceOf = (world: World, incident: Incident, requests: readonly Request[]): number => {
  const { kind, from, minutes, share = 1, op, ramp } = incident
  const [start, end] = [START + from * 3600, START + from * 3600 + minutes * 60]
  const factor = ramp === true ? 1 + (incident.factor - 1) / 2 : incident.factor
  const concerned = (index: number, { method }: Operation): boolean =>
    (op === undefined || Number(op) === index) && (incident.method === undefined || incident.method === method)
  const total = world.operations.reduce((sum, { weight }) => sum + weight, 0)
  const part = world.operations.reduce((sum, one, i) => sum + (concerned(i, one) ? one.weight / total : 0), 0)
  let expected = 0
  for (let ts = start; ts < end; ts += 60) expected += world.rate * seasonOf(world, ts) * part
  if (kind === 'traffic_drop' || kind === 'traffic_spike')
    return expected * (factor === 0 ? 1 : factor * Math.log(factor) - factor + 1)
  const came = requests.filter(({ ts }) => ts >= start && ts < end).length * part
  if (kind === 'latency') {
    const spread = world.operations.reduce((sum, { spread: s, weight }) => sum + (s * weight) / total, 0)
    return (came * share * Math.log(factor) ** 2) / (2 * spread ** 2)
  }
  if (kind === 'scan') return came
  const [bad, usual] = [share * factor, incident.status === undefined ? USUAL_FAILING : 0.02]
  return came * (bad * Math.log(bad / usual) + (bad === 1 ? 0 : (1 - bad) * Math.log((1 - bad) / (1 - usual))))
}

export const windowsOf = (world: World, requests: readonly Request[]): object[] =>
  world.incidents.map((incident) => {
    const { kind, from, minutes, factor, op, name } = incident
    const start = START + from * 3600
    return {
      kind,
      start,
      end: start + minutes * 60,
      op: op === undefined ? null : world.operations[Number(op)]?.path,
      factor,
      ...(name !== undefined && { name, nats: Math.round(evidenceOf(world, incident, requests)) }),
    }
  })

/** What a client does over a while is a window, too. */
export const campaignsIn = (requests: readonly Request[]): object[] =>
  CAMPAIGNS.flatMap((name) => {
    const own = requests.filter(({ kind }) => kind === name)
    const [start, end] = [own[0]?.ts, own.at(-1)?.ts]
    return start === undefined ? [] : [{ kind: 'scan', start, end, op: null, factor: 0, name, nats: own.length }]
  })
