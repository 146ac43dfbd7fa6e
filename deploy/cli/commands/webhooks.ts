/** `webhooks`: sends each configured webhook a message that means nothing, from this machine, to see whether it is taken. */
import { randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import type { TestMessage } from '../../../schemas/webhooks.ts'
import { send, shown, type Outcome } from '../../../sinks/webhook/delivery.ts'
import { EXIT } from '../failure.ts'
import { configOf, withPlace, type CommonFlags } from '../options.ts'
import { openTerminal } from '../terminal.ts'

interface Tried extends Outcome {
  readonly url: string
  readonly ms: number
}

const CURES: Readonly<Record<Outcome['kind'], string>> = {
  delivered: '',
  refused: 'look at its URL and at the secret: the receiver is there and does not want this message',
  gone: 'the receiver says that it is gone for good: take it out of alerts.webhooks',
  away: 'start it, or mend its address; until then messages wait',
}

const trial = async (address: { readonly url: string; readonly secret: string }): Promise<Tried> => {
  const message: TestMessage = {
    type: 'test',
    timestamp: new Date().toISOString(),
    text: 'Chaos-Proxy can reach this webhook',
  }
  const began = performance.now()
  const outcome = await send(address, `msg_test_${randomUUID()}`, JSON.stringify(message))
  return { ...outcome, url: shown(address.url), ms: Math.round(performance.now() - began) }
}

const run = async (flags: CommonFlags): Promise<void> => {
  const { webhooks } = configOf(flags).config.alerts
  const tried = await Promise.all(webhooks.map(trial))
  const { print, paint } = openTerminal()
  if (flags.json === true) print(JSON.stringify(tried))
  else if (tried.length === 0) print('no webhooks; alerts.webhooks in chaos-proxy.yaml names them')
  else
    for (const { kind, url, reason, ms } of tried) {
      const isFine = kind === 'delivered'
      print(`${paint(isFine ? 'green' : 'red', kind.padEnd(9))}  ${url}  ${reason}, ${ms} ms`)
      if (!isFine) print(`${' '.repeat(11)}${CURES[kind]}`)
    }
  if (tried.some(({ kind }) => kind !== 'delivered')) process.exitCode = EXIT.checkFailed
}

export const registerWebhooks = (program: Command): void => {
  withPlace(program.command('webhooks')).description('send each configured webhook a test message').action(run)
}
