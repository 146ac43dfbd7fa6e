/** The sketch of latencies stands with the contracts: sinks merge what processors have counted. */
export * from '../../schemas/semantics/sketches/ddsketch.ts'
