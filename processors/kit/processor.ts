/**
 * What a processor is. It is deterministic: state and outputs follow from the events in their order and from nothing
 * else: no clock, no chance, no I/O. Time is the event's; choices that need chance hash the event's id.
 *
 * State lives in stores, as in Kafka Streams: the runtime owns them, writes each changed key to the changelog in the same
 * commit as the outputs, and restores them. A test steps every processor twice over recorded logs, once with a restore at
 * random points, and wants equal bytes.
 */
import type { Command, Event, Exchange, Signal, TopicValues } from '../../schemas/events.ts'

/** A keyed store. Values may be changed in place, but only `set` makes a change last. */
export interface Store<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
  /** In ascending order (code units), whatever the order of writing. Costs a sort: not for every event. */
  keys(): readonly string[]
  readonly size: number
}

/** Turns a state value into bytes and back; `decode(encode(v))` must behave as `v` does, in every later step. */
export interface StateCodec<V> {
  encode(value: V): Uint8Array
  decode(bytes: Uint8Array): V
}

/** State that is JSON on the changelog but not in memory (a Map by names that come from traffic, say). */
export interface JsonCodec<V> {
  toJson(value: V): unknown
  fromJson(json: unknown): V
}

export interface Stores {
  /** `<processor>.<name>`; the codec is JSON unless another is given. JSON state holds no Map, undefined, NaN or Infinity. */
  open<V>(name: string, codec?: StateCodec<V> | JsonCodec<V>): Store<V>
}

/** A learned path parameter and where it stands. */
export interface PathParameter {
  readonly name: string
  readonly kind: string
  /** What the request had there, still percent-encoded. */
  readonly value: string
}

/** An endpoint as found for one exchange. */
export interface Located {
  /** `shop GET /users/{id}` */
  readonly id: string
  readonly service: string
  readonly method: string
  readonly template: string
  readonly parameters: readonly PathParameter[]
}

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** One exchange, decoded once and its bodies parsed once. */
export interface Observation {
  readonly event: Event
  readonly exchange: Exchange
  /** Event time, µs. */
  readonly at: number
  readonly partition: number
  readonly offset: number
  /** Path without query, raw; its segments between slashes, raw. */
  readonly path: string
  readonly segments: readonly string[]
  /** Decoded pairs in order. */
  readonly query: readonly (readonly [string, string])[]
  /** Parsed JSON bodies: undefined when there is none, it is cut, too deep (> 200), or no JSON. */
  readonly requestJson: JsonValue | undefined
  readonly responseJson: JsonValue | undefined
  /** Healthy, complete, live: from the upstream, not faulted, not replayed, not cut off. Only such exchanges teach. */
  readonly teaches: boolean
  /** Undefined where templates know none (a scanner's 404, say). */
  readonly endpoint: Located | undefined
  /** Set by the anomalies processor, for those after it. */
  strangeness?: Strangeness
}

/** How strange a request is among those of its service. */
export interface Strangeness {
  /** 0 to 1. */
  readonly score: number
  readonly alarm: boolean
  readonly reasons: readonly string[]
}

/** A value that nobody changes any more, made where it is written: of a compacted topic, where a commit leaves it the newest of its key. */
export type Late<V> = () => V

/** Puts a record on a derived topic; `value` null deletes the key. Timestamp is the current event's time. */
export type Emit = <T extends keyof TopicValues>(
  topic: T,
  key: string,
  value: TopicValues[T] | Late<TopicValues[T]> | null,
) => void

/** An endpoint turned out to be part of another: `from` is gone, its knowledge belongs to `into`. */
export interface Merge {
  readonly from: string
  readonly into: string
}

/** An endpoint turned out to be several: what `from` had learned is of all of them. */
export interface Split {
  readonly from: string
  readonly into: readonly string[]
  /** Exchanges that `from` had. */
  readonly count: number
}

/** What the locator moved. */
export interface Moves {
  readonly merges: readonly Merge[]
  readonly splits: readonly Split[]
}

/** These endpoints forget what they know and learn it from `past`, their exchanges so far, the oldest first. It is no news. */
export interface Relearning {
  readonly endpoints: readonly string[]
  readonly past: readonly Observation[]
}

export interface Processor {
  readonly name: string
  /** Topics it writes to, for the printed topology. */
  readonly emits?: readonly (keyof TopicValues)[]
  /**
   * Called once per task, and again after an event was rolled back. Whatever it keeps besides stores must follow from
   * them (a cache): `restored`, called before the first event each time, rebuilds it.
   */
  open(stores: Stores): Steps
}

export interface Steps {
  restored?(): void
  observe?(observation: Observation, emit: Emit): void
  signal?(signal: Signal, event: Event, emit: Emit): void
  command?(command: Command, event: Event, emit: Emit): void
  /** Event time has moved on to `time` (µs) for this partition; called before the event that moved it, at most once a second of event time. */
  advance?(time: number, emit: Emit): void
  merged?(merge: Merge, emit: Emit): void
  relearn?(again: Relearning, emit: Emit): void
}

/** The first processor of a topology: says which endpoint an exchange belongs to, and which endpoints became one or several. */
export interface LocatorSteps extends Omit<Steps, 'observe' | 'merged' | 'relearn' | 'command'> {
  /** A person's word may make endpoints one or several, too. */
  command?(command: Command, event: Event, emit: Emit): Moves
  locate(observation: Observation, emit: Emit): Moves & { readonly endpoint: Located | undefined }
  /** Which endpoint a path (and a GraphQL operation asked for there) would belong to now, learning nothing. */
  find(service: string, method: string, path: string, operation?: string): Located | undefined
}

export interface Locator {
  readonly name: string
  readonly emits?: readonly (keyof TopicValues)[]
  open(stores: Stores): LocatorSteps
}

/** What one task runs: the locator, then the processors in this order. */
export interface Topology {
  readonly locator: Locator
  readonly processors: readonly Processor[]
}
