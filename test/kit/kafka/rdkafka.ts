/** Where tests find node-rdkafka: it compiles for minutes, so it may be installed apart from the repository. */
export const rdkafkaPath = (): string => process.env['CHAOS_PROXY_TEST_RDKAFKA'] ?? 'node-rdkafka'
