import { describe, expect, it } from 'vitest'
import type { Processor } from '../../../processors/kit/processor.ts'
import { createTask, type TaskCounts } from '../../../processors/runtime/task.ts'
import { newestOutputs } from '../../../processors/runtime/logs/kit/newest.ts'
import { topicName } from '../../../schemas/topics.ts'
import type { Event } from '../../../schemas/events.ts'
import { encodePart } from '../../../schemas/semantics/ghosts/parts.ts'
import { anEvent, anExchange, aSignal, NOON, SECOND } from '../kit/builders.ts'
import { codecs, given, literalLocator, recordOf } from '../kit/given.ts'

interface Tally {
  list: string[]
}

/** Notes every event id in one value, changed in place before it may throw. */
const noter = (fails: (event: Event) => boolean): Processor => ({
  name: 'noter',
  open: (stores) => {
    const store = stores.open<Tally>('notes')
    let cached = 0
    return {
      restored: () => {
        cached = store.get('all')?.list.length ?? 0
      },
      observe: ({ event }, emit) => {
        const tally = store.get('all') ?? { list: [] }
        tally.list.push(event.id)
        store.set('all', tally)
        store.set(`only ${event.id}`, { list: [] })
        cached++
        emit('dead-letters', `${event.id} ${cached}`, null)
        if (fails(event)) throw new Error(`cannot take ${event.id}`)
      },
    }
  },
})

const at = (id: string, seconds = 0, over: Partial<Event> = {}): Event =>
  anEvent({ id, at: NOON + seconds * SECOND, exchange: anExchange({ target: '/a' }), ...over })

describe('an event that makes a processor throw', () => {
  const told = given(
    noter((e) => e.id.startsWith('bad')),
    at('a'),
  ).when(at('b'), at('bad1'), at('c'), at('bad2'), at('bad3'), at('d'))
  it('leaves no trace but its dead letter', () => {
    expect(told.said.map(({ key }) => key)).toEqual([
      'b 2',
      topicName('exchanges'),
      'c 3',
      topicName('exchanges'),
      topicName('exchanges'),
      'd 4',
    ])
    expect(told.on('dead-letters')).toMatchObject(
      [2, 4, 5].map((offset, i) => ({
        stage: 'process',
        by: 'noter',
        offset,
        reason: `Error: cannot take bad${i + 1}`,
      })),
    )
  })
  it('is the same however steps are cut', () => {
    const events = ['a', 'b', 'bad1', 'c', 'bad2', 'd', 'e'].map((id, i) => recordOf(at(id), i))
    const open = () =>
      createTask({
        topology: { locator: literalLocator(), processors: [noter((e) => e.id.startsWith('bad'))] },
        codecs,
      })
    const [one, many] = [open(), open()]
    const whole = one.step(events).outputs
    const cut = events.flatMap((event) => many.step([event]).outputs)
    expect(cut).toEqual(whole)
    expect(many.dump()).toEqual(one.dump())
    expect(one.dump().map(({ key }) => key)).not.toContain('noter.notes/only bad1')
  })
  it('is a matter of publishing when its output cannot be encoded', () => {
    const broken: Processor = {
      name: 'broken',
      open: () => ({ observe: (_, emit) => emit('drift', 'k', { id: 7 } as never) }),
    }
    expect(given(broken).when(at('a')).on('dead-letters')).toMatchObject([{ stage: 'publish', by: 'broken' }])
  })
  it('does not undo an undecodable one before it', () => {
    const told = given(noter((e) => e.id === 'bad')).when(Buffer.from('junk'), at('bad'))
    expect(told.on('dead-letters').map(({ stage }) => stage)).toEqual(['decode', 'process'])
  })
})

describe('numbering', () => {
  const numbered = (sequence: number, instance = 'i'): Event => at(`${instance}${sequence}`, 0, { sequence, instance })
  const counted = (...events: Event[]): { counts: TaskCounts; seen: string[] } => {
    let counts: TaskCounts | undefined
    const topology = { locator: literalLocator(), processors: [noter(() => false)] }
    const task = createTask({ topology, codecs, onCounts: (c) => (counts = { ...c }) })
    const { outputs } = task.step(events.map(recordOf))
    return { counts: counts as TaskCounts, seen: outputs.map(({ key }) => key.split(' ')[0] as string) }
  }
  it('drops duplicates and counts losses', () => {
    const { counts, seen } = counted(numbered(1), numbered(2), numbered(2), numbered(1), numbered(5), numbered(6))
    expect(seen).toEqual(['i1', 'i2', 'i5', 'i6'])
    expect(counts).toMatchObject({ exchanges: 4, duplicates: 2, lost: 2 })
  })
  it('is per start of a writer, and per key', () => {
    expect(counted(numbered(7), numbered(1, 'j'), { ...numbered(1), service: 'bank' }).counts).toMatchObject({
      duplicates: 0,
      lost: 0,
    })
  })
  it('does not concern events without a number', () => {
    expect(counted(at('a'), at('a')).counts).toMatchObject({ exchanges: 2, duplicates: 0 })
  })
  it('remembers a dead letter, so that its duplicate is none', () => {
    const topology = { locator: literalLocator(), processors: [noter(() => true)] }
    const task = createTask({ topology, codecs })
    expect(task.step([recordOf(numbered(1), 0), recordOf(numbered(1), 1)]).outputs).toHaveLength(1)
  })
})

describe('event time', () => {
  const clock: Processor = {
    name: 'clock',
    open: () => ({ advance: (time, emit) => emit('dead-letters', String((time - NOON) / SECOND), null) }),
  }
  const times = (...events: Event[]): string[] =>
    given(clock)
      .when(...events)
      .said.map(({ key }) => key)
  it('moves on by whole seconds, never back, by signals too', () => {
    const beat = anEvent({ at: NOON + 9 * SECOND, signal: aSignal() })
    expect(times(at('a'), at('b', 0.5), at('c', 3), at('d', 1), at('e', 3.2), beat)).toEqual(['0', '3', '9'])
  })
  it('does not follow one clock that is hours fast', () => {
    expect(times(at('a'), at('b', 7200), at('c', 1), at('d', 7202), at('e', 2), at('f', 7211), at('g', 3))).toEqual([
      '0',
      '1',
      '2',
      '3',
    ])
  })
  it('follows when nobody speaks for the old time any more', () => {
    expect(times(at('a'), at('b', 36_000), at('c', 36_004), at('d', 36_010))).toEqual(['0', '36010'])
  })
})

describe('what the host passes on', () => {
  it('tells signals and commands to those who listen, and merges before the event that caused them', () => {
    const listener: Processor = {
      name: 'listener',
      open: () => ({
        signal: ({ kind }, _, emit) => emit('drift', kind, null),
        command: ({ kind }, _, emit) => emit('drift', kind, null),
        merged: ({ from, into }, emit) => emit('drift', `${from}>${into}`, null),
        observe: ({ event }, emit) => emit('drift', event.id, null),
      }),
    }
    const topology = { locator: literalLocator({ b: { from: 'x', into: 'y' } }), processors: [listener] }
    const command = { kind: 'pin', subject: '', by: '', value: '' }
    const task = createTask({ topology, codecs })
    const events = [at('a'), at('b'), anEvent({ signal: aSignal() }), anEvent({ command })]
    expect(task.step(events.map(recordOf)).outputs.map(({ key }) => key)).toEqual(['a', 'x>y', 'b', 'heartbeat', 'pin'])
  })
})

describe('a late value', () => {
  it('is made for the newest record of its key only, and once', () => {
    const made: string[] = []
    const value = (id: string) => () => {
      made.push(id)
      return encodePart('k', { kind: 'touch', value: { key: id, service: 'shop', at: 1, tick: 0 } }, 1, -1)
    }
    const late: Processor = {
      name: 'late',
      open: () => ({ observe: ({ event }, emit) => emit('ghosts', 'k', value(event.id)) }),
    }
    const task = createTask({ topology: { locator: literalLocator(), processors: [late] }, codecs })
    const { outputs } = task.step([at('a'), at('b'), at('c')].map(recordOf))
    const left = newestOutputs(outputs, new Set([topicName('ghosts')]))
    const read = [...left, ...left].map((output) => codecs.decode('ghosts', output.value as Uint8Array).payload)
    expect(read.map((payload) => Buffer.from(payload).toString())).toEqual(
      Array(2).fill(expect.stringContaining('"key":"c"')),
    )
    expect(made).toEqual(['c'])
  })
})
