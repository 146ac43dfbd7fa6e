/**
 * In which order the kept writes of a sender go, where several processes of one machine keep them: each has an empty file
 * in a folder of its sender, whose name says what the others must know of it. It is there before the write is acknowledged,
 * and goes when the write is over, so that who comes with the next one to another process waits there too. The journals are
 * the truth: a process makes its files anew when it starts, and takes away those of a process whose journal it took over.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isOver } from '../../../schemas/semantics/ghosts/fate.ts'
import type { Kept, KeptWrite } from '../../phases/kept.ts'

type Sender = Pick<KeptWrite, 'service' | 'asker'>

export interface Lines {
  /** Nobody keeps anything. */
  isEmpty(): boolean
  /** As the write is now: in line, out of it, or held. */
  note(kept: Kept): void
  /** A write of this sender is to be replayed, whoever keeps it. */
  waits(sender: Sender): boolean
  /** Nobody else has an earlier one of the same sender that is to be replayed. */
  isNext(write: KeptWrite): boolean
  /** The newest open write of this sender to the same thing; '': there is none. */
  latest(write: Sender & Pick<KeptWrite, 'target'>): string
  /** The one that it was made on top of is in conflict. */
  isHeld(write: KeptWrite): boolean
  /** Takes away what `owner` left there: by now it is somebody else's, or nobody's. */
  clear(owner: string): void
}

/** To be replayed; kept for a person's word; in conflict. */
type Standing = 'wanted' | 'kept' | 'conflict'

interface Entry {
  readonly at: number
  readonly id: string
  readonly owner: string
  readonly about: string
  readonly state: Standing
}

const HASH = 22
const hashed = (...texts: readonly string[]): string =>
  createHash('sha256').update(texts.join('\n')).digest('base64url').slice(0, HASH)

/** Digits of a time in µs, so that names come in the order of time. */
const DIGITS = 17
const nameOf = ({ at, id, owner, about, state }: Entry): string =>
  [String(at).padStart(DIGITS, '0'), id, owner, about, state].join('.')

const entryOf = (name: string): Entry => {
  const [at = '', id = '', owner = '', about = '', state = 'kept'] = name.split('.')
  return { at: Number(at), id, owner, about, state: state as Standing }
}

const standingOf = ({ fate }: Kept): Standing | undefined => {
  if (isOver(fate)) return undefined
  if (fate.state === 'conflict') return 'conflict'
  return fate.wanted ? 'wanted' : 'kept'
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

/** The names in a folder, in order; none where it is not there. */
const namesIn = (dir: string): readonly string[] => {
  try {
    return readdirSync(dir).toSorted()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

const TRIES = 5
/** Another process may take the empty folder away in between. */
const make = (dir: string, name: string): void => {
  for (let tries = 1; ; tries++) {
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 })
      return writeFileSync(join(dir, name), '')
    } catch (error) {
      if (!isMissing(error) || tries === TRIES) throw error
    }
  }
}

const removeEmpty = (dir: string): boolean => {
  try {
    rmdirSync(dir)
    return true
  } catch {
    return false
  }
}

interface Folder {
  /** That all share. */
  readonly root: string
  /** The name of this process's own. */
  readonly owner: string
  /** µs */
  readonly now: () => number
}

interface State extends Folder {
  /** Names of this process's files, by id. */
  readonly names: Map<string, string>
  /** By the folder of a sender: nobody else has one that is older than this, µs. */
  readonly clearUntil: Map<string, number>
}

const folderOf = ({ root }: State, { service, asker }: Sender): string => join(root, hashed(service, asker))

const entriesOf = (state: State, sender: Sender): readonly Entry[] =>
  existsSync(state.root) ? namesIn(folderOf(state, sender)).map(entryOf) : []

const strike = ({ root, clearUntil }: State, dir: string, name: string): void => {
  rmSync(join(dir, name), { force: true })
  if (!removeEmpty(dir)) return
  clearUntil.delete(dir)
  removeEmpty(root)
}

const change = (dir: string, before: string, name: string): void => {
  try {
    renameSync(join(dir, before), join(dir, name))
  } catch (error) {
    if (!isMissing(error)) throw error
    make(dir, name)
  }
}

const note = (all: State, kept: Kept): void => {
  const { write } = kept
  const { id, at, target } = write
  const { names, owner } = all
  const state = standingOf(kept)
  const before = names.get(id)
  const name = state === undefined ? undefined : nameOf({ at, id, owner, about: hashed(target), state })
  if (name === before) return
  const dir = folderOf(all, write)
  if (name === undefined) {
    names.delete(id)
    return strike(all, dir, before as string)
  }
  if (before === undefined) make(dir, name)
  else change(dir, before, name)
  names.set(id, name)
}

const isNext = (state: State, write: KeptWrite): boolean => {
  const dir = folderOf(state, write)
  if (write.at < (state.clearUntil.get(dir) ?? 0)) return true
  const first = entriesOf(state, write).find(
    (one) => one.owner !== state.owner && one.state === 'wanted' && one.id !== write.id,
  )
  state.clearUntil.set(dir, first?.at ?? state.now())
  return first === undefined || write.at < first.at || (write.at === first.at && write.id < first.id)
}

const clear = (state: State, gone: string): void => {
  for (const sender of namesIn(state.root)) {
    const dir = join(state.root, sender)
    const names = namesIn(dir).filter((name) => {
      const { owner, id } = entryOf(name)
      return owner === gone && state.names.get(id) !== name
    })
    for (const name of names) strike(state, dir, name)
  }
}

export const openLines = (folder: Folder): Lines => {
  const state: State = { ...folder, names: new Map(), clearUntil: new Map() }
  return {
    isEmpty: () => !existsSync(folder.root),
    note: (kept) => note(state, kept),
    waits: (sender) => entriesOf(state, sender).some((one) => one.state === 'wanted'),
    isNext: (write) => isNext(state, write),
    latest: ({ target, ...sender }) => {
      const about = hashed(target)
      return entriesOf(state, sender).findLast((one) => one.about === about)?.id ?? ''
    },
    isHeld: (write) =>
      write.behind !== '' && entriesOf(state, write).some((one) => one.id === write.behind && one.state === 'conflict'),
    clear: (owner) => clear(state, owner),
  }
}
