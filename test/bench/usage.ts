/** Loaded before a subject (`--import`): answers each message of its parent with the CPU used so far and its memory, and ends with it. */
const send = process.send?.bind(process)
process.on('message', () => send?.({ ...process.cpuUsage(), rss: process.memoryUsage.rss() }))
process.on('disconnect', () => process.exit(0))
