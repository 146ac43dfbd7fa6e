/**
 * Gives input partition p and changelog partition p to the same instance (kafkajs' own assigner does not co-partition), and
 * leaves partitions where they are as far as balance allows: each one that moves is restored from its changelog.
 */
import { AssignerProtocol, type Cluster, type GroupMember, type PartitionAssigner } from 'kafkajs'

/** Agreed upon by all instances of a group: another way of assigning needs another name. */
const NAME = 'chaos-proxy-copartition'
const VERSION = 1

export interface Claim {
  readonly member: string
  /** What it had before, in its own words: a claim, not a right. */
  readonly owned: readonly number[]
}

/** Spreads partitions 0..count-1 over the members: at most one more on one than on another, moving as few as possible. */
export const spread = (claims: readonly Claim[], count: number): Map<string, number[]> => {
  const members = [...claims].sort((a, b) => b.owned.length - a.owned.length || (a.member < b.member ? -1 : 1))
  const least = Math.floor(count / members.length)
  const free = new Set(Array.from({ length: count }, (_, partition) => partition))
  const shares = new Map<string, number[]>()
  for (const [rank, { member, owned }] of members.entries()) {
    const share = least + (rank < count % members.length ? 1 : 0)
    const kept = owned.filter((partition) => free.has(partition)).slice(0, share)
    for (const partition of kept) free.delete(partition)
    shares.set(member, kept)
  }
  for (const [rank, { member }] of members.entries()) {
    const share = least + (rank < count % members.length ? 1 : 0)
    const given = shares.get(member) as number[]
    for (const partition of free) {
      if (given.length >= share) break
      given.push(partition)
      free.delete(partition)
    }
  }
  return shares
}

const claimOf = ({ memberId, memberMetadata }: GroupMember): Claim => {
  const text = AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData.toString() ?? ''
  const owned = text === '' ? [] : text.split(',').map(Number)
  return { member: memberId, owned: owned.filter((partition) => Number.isSafeInteger(partition) && partition >= 0) }
}

const encode = (topics: readonly string[], partitions: readonly number[]): Buffer =>
  AssignerProtocol.MemberAssignment.encode({
    version: VERSION,
    assignment: Object.fromEntries(topics.map((topic) => [topic, [...partitions]])),
    userData: Buffer.alloc(0),
  })

const partitionCount = (cluster: Cluster, topics: readonly string[]): number =>
  Math.min(...topics.map((topic) => cluster.findTopicPartitionMetadata(topic).length))

/** `owned` says what this instance has at the moment of joining. */
export const copartition =
  (owned: () => Iterable<number>): PartitionAssigner =>
  ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: VERSION,
        topics,
        userData: Buffer.from([...owned()].join(',')),
      }),
    }),
    assign: async ({ members, topics }) =>
      [...spread(members.map(claimOf), partitionCount(cluster, topics))].map(([memberId, partitions]) => ({
        memberId,
        memberAssignment: encode(topics, partitions),
      })),
  })
