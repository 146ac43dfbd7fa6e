/** What to do about an error of a connection, by the words of those who know least about us: TLS, Kafka's clients, DNS. */
const CURES: readonly (readonly [RegExp, string])[] = [
  [/self.signed|unable to (verify|get)|unknown ca/i, "name who signed the brokers' certificates: log.ssl.ca"],
  [
    /altname|does not match cert/i,
    'name the brokers as their certificates do, in log.brokers and advertised.listeners',
  ],
  [
    /certificate required|handshake failure|bad certificate/i,
    'the brokers ask for our certificate: log.ssl.cert and log.ssl.key',
  ],
  [/wrong version number|packet length too long/i, 'this port speaks no TLS: leave log.ssl out, or name another port'],
  [/credentials|authentication failed/i, 'correct log.sasl: mechanism, username, password'],
  [/ENOTFOUND|EAI_AGAIN/, 'no such host: correct the name, or the DNS'],
  [/ECONNREFUSED|EHOSTUNREACH|ETIMEDOUT/, 'start it, or correct the address'],
  [
    /ECONNRESET|EPIPE|socket disconnected|closed (the )?connection|timed out/i,
    'it hangs up on us: does this port want TLS (log.ssl) or a login (log.sasl)?',
  ],
]

export const cureOf = (message: string): string | undefined => CURES.find(([words]) => words.test(message))?.[1]
