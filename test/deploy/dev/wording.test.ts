import { expect, test } from 'vitest'
import { noticeLine, startLines, summaryLines } from '../../../deploy/dev/wording.ts'
import { defaultConfig } from '../../../schemas/config.ts'

const plain = (_colour: string, text: string): string => text
const facts = {
  version: '0.1.0',
  ms: 420,
  proxy: 'http://localhost:8080',
  admin: 'http://localhost:8000',
  upstreams: [{ url: 'http://localhost:3000', health: 'up', latency: 3.6 }],
  config: defaultConfig(),
  moved: '',
  profileDir: './.chaos-proxy/default',
}

test('the start takes at most nine lines and says where, what and how to go on', () => {
  const lines = startLines(facts, plain)
  expect(lines.length).toBeLessThanOrEqual(9)
  expect(lines.join('\n')).toContain('http://localhost:8080   ->  http://localhost:3000  (healthy, 4 ms)')
  expect(lines.at(-1)).toContain('curl -i http://localhost:8080/')
})

test('a moved port and a dead backend are said', () => {
  const upstreams = [{ url: 'http://localhost:3000', health: 'down', latency: -1 }]
  const text = startLines({ ...facts, upstreams, moved: '(port 8080 busy, moved on)' }, plain).join('\n')
  expect(text).toContain('port 8080 busy')
  expect(text).toContain('does not answer yet')
})

test('what came over the network cannot forge lines or move the cursor', () => {
  const target = '/a\r\n  up       all is well\u001b[2J'
  const line = noticeLine({ kind: 'request', method: 'GET', target, status: 200, answeredBy: 'upstream', ms: 1 }, plain)
  // eslint-disable-next-line no-control-regex
  expect(line).not.toMatch(/[\u0000-\u001f]/)
})

test('the summary has four lines', () => {
  const summary = {
    seconds: 5,
    requests: 1,
    ghosts: 0,
    refused: 0,
    endpoints: 1,
    events: 2,
    lost: 0,
    spooled: 0,
    profileDir: 'x',
  }
  expect(summaryLines(summary)).toHaveLength(4)
})
