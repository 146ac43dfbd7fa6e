// Waits until GET /api/pipeline says that everything is caught up: node settle.mjs <admin port> [seconds]
const [port, seconds = '120'] = process.argv.slice(2)
const deadline = Date.now() + Number(seconds) * 1000
let last = 'no answer yet'
while (Date.now() < deadline) {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/api/pipeline`)
    const state = await answer.json()
    last = JSON.stringify(state)
    if (state.caught_up === true) process.exit(0)
  } catch (error) {
    last = String(error)
  }
  await new Promise((resolve) => setTimeout(resolve, 100))
}
console.error(`the pipeline did not catch up within ${seconds} s; it said: ${last}`)
process.exit(1)
