/** The consumer group: which partitions are ours, and a running task for each of them. */
import type { Consumer, ConsumerCrashEvent, ConsumerGroupJoinEvent } from 'kafkajs'
import type { Context } from './context.ts'
import { type Ending, type RunningTask, startTask } from './task.ts'

export interface Group {
  readonly tasks: ReadonlyMap<number, RunningTask>
  /** Ends every task, committing what is in hand, and opens no more. */
  close(): Promise<void>
}

export interface GroupOptions {
  readonly consumer: Consumer
  readonly context: Context
  /** Filled and emptied as partitions come and go. */
  readonly tasks: Map<number, RunningTask>
  /** Processing cannot go on. */
  readonly fail: (error: Error) => void
}

interface State extends GroupOptions {
  owned: ReadonlySet<number>
  closing: boolean
}

const ended = (state: State, partition: number, ending: Ending): void => {
  const { context, fail } = state
  if (ending.kind === 'closed') return
  const reason = ending.kind === 'lost' ? ending.reason : ending.error.message
  context.logger.info({ app: context.options.app, partition, reason }, 'partition lost')
  context.options.onEvent?.({ kind: 'lost', partition, reason })
  if (ending.kind === 'failed') fail(ending.error)
}

const open = (state: State, partition: number): void => {
  const task = startTask(state.context, partition)
  state.tasks.set(partition, task)
  void task.ended.then((ending) => {
    if (state.tasks.get(partition) === task) state.tasks.delete(partition)
    ended(state, partition, ending)
  })
}

/**
 * Opens what is ours and has no task: at a join, and after a task was lost at the next heartbeat. Not sooner: only the
 * coordinator's answer shows that we are still a member. A zombie that reopened at once would fence the rightful owner.
 */
const openMissing = (state: State): void => {
  if (state.closing) return
  for (const partition of state.owned) if (!state.tasks.has(partition)) open(state, partition)
}

/**
 * kafkajs calls this synchronously between a join and the first fetch after it, which makes a revocation hook needless:
 * tasks that are not ours any more end before anything of theirs is fetched again.
 */
const joined = (state: State, { input, changelog }: Topics, event: ConsumerGroupJoinEvent): void => {
  const assignment = event.payload.memberAssignment
  const changes = new Set(assignment[changelog])
  state.owned = new Set((assignment[input] ?? []).filter((partition) => changes.has(partition)))
  for (const [partition, task] of state.tasks)
    if (!state.owned.has(partition)) {
      state.tasks.delete(partition)
      task.drop('the partition has moved to another instance')
    }
  for (const partition of state.owned) state.context.lanes.reposition(partition)
  openMissing(state)
}

interface Topics {
  readonly input: string
  readonly changelog: string
}

/** kafkajs restarts by itself after what may pass; what it gives up on ends the processing, and the process should exit. */
const crashed = (state: State, { payload }: ConsumerCrashEvent): void => {
  if (!payload.restart) state.fail(payload.error)
}

/** Listens to a consumer that is not running yet. */
export const joinGroup = (options: GroupOptions): Group => {
  const { consumer, context } = options
  const state: State = { ...options, owned: new Set(), closing: false }
  const topics = { input: context.options.input, changelog: context.changelog }
  consumer.on(consumer.events.GROUP_JOIN, (event) => joined(state, topics, event))
  consumer.on(consumer.events.HEARTBEAT, () => openMissing(state))
  consumer.on(consumer.events.START_BATCH_PROCESS, (event) => context.lanes.pass(event))
  consumer.on(consumer.events.CRASH, (event) => crashed(state, event))
  return {
    tasks: state.tasks,
    close: async () => {
      state.closing = true
      const tasks = [...state.tasks.values()]
      for (const task of tasks) task.close()
      await Promise.all(tasks.map((task) => task.ended))
    },
  }
}
