/** `EventLog.committed`: the last position in each changelog partition, read from its end backwards. */
import type { Cluster } from 'kafkajs'
import { changelogOf, positionIn } from '../kit/changelog.ts'
import { EARLIEST, LATEST, offsetAt, partitionsOf } from './cluster.ts'
import { toLogError } from './errors.ts'
import { fetchOnce } from './fetch.ts'

/** The position is the last record of a commit, with the commit's marker behind it: almost always within this reach. */
const REACH = 16

interface Span {
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly end: number
}

const lastPosition = async (cluster: Cluster, { topic, partition, from, end }: Span): Promise<number | undefined> => {
  let position: number | undefined
  for (let offset = from; offset < end;) {
    const { records, next } = await fetchOnce(cluster, { topic, partition, offset }, 0)
    for (const record of records) position = positionIn(record) ?? position
    offset = next
  }
  return position
}

const positionOf = async (cluster: Cluster, topic: string, partition: number): Promise<number> => {
  const start = await offsetAt(cluster, topic, { partition, timestamp: EARLIEST })
  const end = await offsetAt(cluster, topic, { partition, timestamp: LATEST })
  for (let reach = REACH; ; reach *= 16) {
    const from = Math.max(start, end - reach)
    const position = await lastPosition(cluster, { topic, partition, from, end })
    if (position !== undefined || from === start) return position ?? 0
  }
}

/** True when the app has never run: its first run makes the changelog. */
const neverRan = async (cluster: Cluster, app: string): Promise<boolean> => {
  try {
    await partitionsOf(cluster, changelogOf(app))
    return false
  } catch (error) {
    if (toLogError(error, app).code === 'unknown-topic') return true
    throw error
  }
}

/** 0 where nothing was committed yet. */
export const committedPositions = async (cluster: Cluster, app: string, input: string): Promise<number[]> => {
  const positions: number[] = Array.from({ length: await partitionsOf(cluster, input) }, () => 0)
  if (await neverRan(cluster, app)) return positions
  // One after the other: the cluster has one connection to a broker anyway, and no question outlives a failure.
  for (const partition of positions.keys())
    positions[partition] = await positionOf(cluster, changelogOf(app), partition)
  return positions
}
