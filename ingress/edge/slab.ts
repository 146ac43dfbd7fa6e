/** Memory for bytes that live shortly, such as bodies on their way: pieces of it cost less than memory of their own. */
const SLAB = 64 * 1024

let slab = Buffer.alloc(0)
let used = 0

/** Not zeroed. It belongs to the caller, and keeps its neighbours' memory as long as it is kept. */
export const shortLived = (length: number): Buffer => {
  if (length > slab.length - used) {
    slab = Buffer.allocUnsafeSlow(Math.max(SLAB, length))
    used = 0
  }
  return slab.subarray(used, (used += length))
}
