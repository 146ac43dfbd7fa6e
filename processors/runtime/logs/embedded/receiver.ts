/** Takes the frames of processes that write a journal through this one (sender.ts): gives them their offsets and a place in a group. */
import type { Duplex } from 'node:stream'
import { LogError } from '../../../../schemas/log.ts'
import { FRAME_BYTES, type Frame, type Head } from './builder.ts'
import { toLogError } from './files.ts'
import { HEADER_BYTES, moveSection, readSection, type Section } from './frame.ts'
import { readSent, type Reply, type Sent } from './sender.ts'

export interface Receiving {
  /** Throws where the topic or the partition is none that is written here. */
  readonly headOf: (section: Section) => Head
  /** Resolves when the frames are durable. */
  readonly adopt: (frames: readonly Frame[]) => Promise<void>
}

interface Piece {
  readonly buffer: Buffer
  readonly sent: Sent
}

interface Found {
  readonly at: number
  readonly section: Section
  readonly head: Head
}

const sectionsIn = ({ buffer, sent }: Piece, headOf: Receiving['headOf']): readonly Found[] => {
  let at = HEADER_BYTES
  return Array.from({ length: sent.sections }, () => {
    const section = readSection(buffer, at)
    const found = { at, section, head: headOf(section) }
    at = section.end
    return found
  })
}

/** Its offsets go on from those of the heads. */
const adopted = ({ buffer, sent }: Piece, sections: readonly Found[]): Frame => {
  const ends = new Map<Head, number>()
  for (const { at, section, head } of sections) {
    moveSection(buffer, at, head.next)
    head.next += section.last - section.first + 1
    ends.set(head, head.next)
  }
  return { buffer, end: sent.end, sections: sections.length, open: undefined, ends, foreign: true }
}

/** All or none of them get offsets, in one turn: those of an append are neighbours. Resolves with the first of each part. */
const adoptAll = async (pieces: readonly Piece[], { headOf, adopt }: Receiving): Promise<readonly number[]> => {
  const found = pieces.map((piece) => sectionsIn(piece, headOf))
  const firsts = new Map(found.flat().map(({ head }) => [head, head.next]))
  await adopt(pieces.map((piece, n) => adopted(piece, found[n] as readonly Found[])))
  return [...firsts.values()]
}

const SPARE = 4
const USUAL = FRAME_BYTES + (FRAME_BYTES >> 3)

interface State {
  buffer: Buffer
  filled: number
  sent: Sent | undefined
  /** The frames of an append that is not here as a whole. */
  pieces: Piece[]
  readonly spare: Buffer[]
}

const takeMemory = ({ spare }: State): Buffer => spare.pop() ?? Buffer.allocUnsafeSlow(USUAL)

const giveBack = ({ spare }: State, pieces: readonly Piece[]): void => {
  for (const { buffer } of pieces) if (buffer.length === USUAL && spare.length < SPARE) spare.push(buffer)
}

/** The header is here: room for what it announces. */
const begin = (state: State): void => {
  const sent = (state.sent = readSent(state.buffer))
  if (sent === undefined)
    throw new LogError('unavailable', 'What comes is no frame of this version: restart all processes of chaos-proxy.')
  if (sent.end <= state.buffer.length) return
  const wider = Buffer.allocUnsafeSlow(sent.end)
  state.buffer.copy(wider, 0, 0, HEADER_BYTES)
  state.spare.push(state.buffer)
  state.buffer = wider
}

/** The frame at hand is here as a whole: the append it completes, if it does. */
const finish = (state: State, sent: Sent): readonly Piece[] => {
  state.pieces.push({ buffer: state.buffer, sent })
  state.buffer = takeMemory(state)
  state.filled = 0
  state.sent = undefined
  return sent.follow > 0 ? [] : state.pieces.splice(0)
}

/** Calls `whole` with each append that `chunk` completes. */
const feed = (state: State, chunk: Buffer, whole: (pieces: readonly Piece[]) => void): void => {
  for (let at = 0; at < chunk.length;) {
    const need = state.sent?.end ?? HEADER_BYTES
    const copied = chunk.copy(state.buffer, state.filled, at, at + need - state.filled)
    at += copied
    state.filled += copied
    if (state.filled < need) return
    if (state.sent === undefined) begin(state)
    else {
      const pieces = finish(state, state.sent)
      if (pieces.length > 0) whole(pieces)
    }
  }
}

const refusal = (call: number, cause: unknown): Reply => {
  const { code, message } = toLogError(cause, 'the log')
  return { call, code, message }
}

/**
 * Takes what comes over `stream` until it ends; what of it is not whole then is dropped. Rejects when it is nothing that
 * can be taken; the stream is then closed.
 */
export const receive = async (stream: Duplex, receiving: Receiving): Promise<void> => {
  const state: State = { buffer: Buffer.alloc(0), filled: 0, sent: undefined, pieces: [], spare: [] }
  state.buffer = takeMemory(state)
  const answer = async (pieces: readonly Piece[]): Promise<void> => {
    const call = pieces[0]?.sent.call ?? 0
    const reply = await adoptAll(pieces, receiving).then(
      (firsts): Reply => ({ call, firsts }),
      (cause: unknown) => refusal(call, cause),
    )
    giveBack(state, pieces)
    if (stream.writable) stream.write(`${JSON.stringify(reply)}\n`)
  }
  await new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      try {
        feed(state, chunk, (pieces) => void answer(pieces))
      } catch (error) {
        reject(error as Error)
        stream.destroy()
      }
    })
    stream.on('error', () => undefined)
    stream.once('close', resolve)
  })
}
