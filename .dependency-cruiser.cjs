/** The import rules of the house, by name. test/architecture plants a violation of each and expects its name. */
const PURE =
  '^(schemas/semantics|ingress/(phases|balance|faults|limits)|processors/(kit|templates|shapes|drift|traffic|anomalies|ghosts))/'
const PROCESSORS = 'templates|shapes|drift|traffic|anomalies|model|ghosts|experiments'
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })
const home = (driver, path) =>
  rule(
    'one-home-per-driver',
    `${driver} is imported in ${path} only`,
    { path: '^(schemas|ingress|processors|sinks|deploy)/', pathNot: `^${path}` },
    { path: `node_modules/${driver}/` },
  )

module.exports = {
  forbidden: [
    rule(
      'schemas-are-the-floor',
      'schemas import no room',
      { path: '^schemas/' },
      { path: '^(ingress|processors|sinks|deploy|test)/' },
    ),
    rule(
      'rooms-meet-only-on-the-log',
      'ingress, processors and sinks import themselves and schemas',
      { path: '^(ingress|processors|sinks)/' },
      { path: '^(ingress|processors|sinks)/', pathNot: '^$1/' },
    ),
    rule(
      'processors-do-not-know-each-other',
      'they meet on the observation and on the topics',
      { path: `^processors/(${PROCESSORS})/` },
      { path: `^processors/(${PROCESSORS})/`, pathNot: '^processors/$1/' },
    ),
    rule(
      'sinks-do-not-know-each-other',
      'a sink stands alone',
      { path: '^sinks/(console|openapi|metrics|resend|kubernetes)/' },
      { path: '^sinks/(console|openapi|metrics|resend|kubernetes)/', pathNot: '^sinks/$1/' },
    ),
    rule(
      'runtime-hosts-any-processor',
      'the list of processors is topology.ts',
      { path: '^processors/(runtime|kit)/' },
      { path: `^processors/(${PROCESSORS})/|^processors/topology\\.ts` },
    ),
    rule(
      'pure-code-has-no-io',
      'no Node modules and no packages in pure code',
      { path: PURE },
      { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'] },
    ),
    home('kafkajs', 'processors/runtime/logs/kafka/'),
    home('undici', 'ingress/edge/'),
    home('(pg|pg-copy-streams|@electric-sql)', 'sinks/postgres/'),
    home('@tensorflow', 'processors/model/tfjs/'),
    home('@kubernetes', 'sinks/kubernetes/'),
    rule(
      'log-adapters-are-chosen-in-deploy',
      'everyone else has the port',
      { path: '^(schemas|ingress|sinks|processors)/', pathNot: '^processors/runtime/logs/' },
      { path: '^processors/runtime/logs/' },
    ),
    rule(
      'nobody-imports-deploy',
      'deploy is the composition root',
      { path: '^(schemas|ingress|processors|sinks)/' },
      { path: '^deploy/' },
    ),
    rule(
      'product-does-not-import-tests',
      'tests import the product',
      { path: '^(schemas|ingress|processors|sinks|deploy)/' },
      { path: '^test/' },
    ),
    rule('no-circles', 'nothing imports itself by a detour', {}, { circular: true }),
    {
      name: 'no-orphans',
      comment: 'everything is imported by something, or is an entry',
      severity: 'error',
      from: { orphan: true, path: '^(schemas|ingress|processors|sinks|deploy)/', pathNot: '^sinks/console/page/' }, // a browser loads the page
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
