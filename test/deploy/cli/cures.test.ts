/** What the clients were heard to say (kafkajs 2.2 on Node 20 to a Kafka 4 broker), and what a person should do. */
import { expect, test } from 'vitest'
import { cureOf } from '../../../deploy/cli/cures.ts'
import { explain } from '../../../deploy/cli/failure.ts'
import { DatabaseError } from '../../../sinks/kit/database.ts'
import { LogError } from '../../../schemas/log.ts'

test.each([
  ['Connection error: self-signed certificate', 'log.ssl.ca'],
  ['Connection error: unable to verify the first certificate', 'log.ssl.ca'],
  ['Connection error: 80FC:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate', 'log.ssl.cert'],
  ["Hostname/IP does not match certificate's altnames: IP: 127.0.0.1", 'advertised.listeners'],
  ['Client network socket disconnected before secure TLS connection was established', 'log.ssl'],
  ['Closed connection', 'does this port want TLS'],
  ['SASL PLAIN authentication failed: Invalid username or password', 'log.sasl'],
  ['getaddrinfo ENOTFOUND kafka', 'no such host'],
])('%s', (said, cure) => {
  expect(cureOf(said)).toContain(cure)
})

test('what nobody knows has no cure', () => {
  expect(cureOf('the flux compensator is low')).toBeUndefined()
})

test('an error of the log is told with the cure that fits its cause', () => {
  const lines = (message: string, retry = true) => explain(new LogError('unavailable', message, { retry }))
  expect(lines('connect ECONNREFUSED')[1]).toContain('chaos-proxy doctor')
  expect(lines('Connection error: self-signed certificate')[1]).toContain('log.ssl.ca')
  expect(lines('Invalid password; check the credentials', false)).toHaveLength(1)
})

test('a database that is away is none of the brokers, and one that is held says itself by whom', () => {
  const away = explain(new DatabaseError('unavailable', 'postgres://db/x: connect ECONNREFUSED'))
  expect(away[1]).toContain('correct its URL: --database')
  expect(explain(new DatabaseError('locked', 'it is held by process 7. Stop it.'))).toHaveLength(1)
})
