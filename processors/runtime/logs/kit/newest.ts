/** What of a commit's outputs is written. */
import type { Output } from '../../../../schemas/log.ts'

/**
 * Of a compacted topic only the newest record of a key counts, and a commit is one moment to whoever reads: what it
 * overwrites itself is not written. The others keep their order.
 */
export const newestOutputs = (
  outputs: readonly Output[],
  compacted: ReadonlySet<string> = new Set(),
): readonly Output[] => {
  if (compacted.size === 0) return outputs
  const seen = new Set<string>()
  const kept: Output[] = []
  for (let i = outputs.length - 1; i >= 0; i--) {
    const output = outputs[i] as Output
    if (compacted.has(output.topic)) {
      const name = `${output.topic} ${output.key}`
      if (seen.has(name)) continue
      seen.add(name)
    }
    kept.push(output)
  }
  return kept.reverse()
}
