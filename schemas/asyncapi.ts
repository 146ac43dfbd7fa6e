/** The topics as an AsyncAPI 3.0 document, made from the topic registry and the Avro schemas. */
import { topicName, topics, type Topic, type TopicDefinition } from './topics.ts'

const avroFormat = 'application/vnd.apache.avro+json;version=1.9.0'

const channel = (name: Topic, t: TopicDefinition): object => ({
  address: topicName(name),
  title: t.title,
  description: `Key: ${t.key}. Cleanup policy: ${t.cleanup}. Written by: ${t.writtenBy}.`,
  messages: { record: { $ref: `#/components/messages/${name}` } },
  bindings: { kafka: { topic: topicName(name), topicConfiguration: { 'cleanup.policy': t.cleanup.split(',') } } },
})

const message = (t: TopicDefinition, schemas: Readonly<Record<string, object>>): object => ({
  title: t.title,
  contentType: t.schema === 'none' ? 'application/json' : 'application/vnd.confluent.avro',
  payload: t.schema === 'none' ? { type: 'object' } : { schemaFormat: avroFormat, schema: schemas[t.schema] },
  bindings: { kafka: { key: { type: 'string', description: t.key } } },
})

/** https://www.asyncapi.com/docs/reference/specification/v3.0.0 */
export const asyncapi = (schemas: Readonly<Record<string, object>>): object => {
  const all = Object.entries(topics) as [Topic, TopicDefinition][]
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Chaos-Proxy topics',
      version: '1.0.0',
      description: 'Values are Avro in Confluent’s wire format: a zero byte, a 4-byte schema id, the Avro body.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/vnd.confluent.avro',
    channels: Object.fromEntries(all.map(([name, t]) => [name, channel(name, t)])),
    operations: Object.fromEntries(
      all.map(([name, t]) => [
        `write-${name}`,
        { action: 'send', channel: { $ref: `#/channels/${name}` }, summary: `Written by ${t.writtenBy}` },
      ]),
    ),
    components: { messages: Object.fromEntries(all.map(([name, t]) => [name, message(t, schemas)])) },
  }
}
