/** Generated from schemas/avro by `npm run generate`: do not edit. */
export const avroSchemas: Readonly<Record<string, object>> = {
  "activation": {
    "type": "record",
    "name": "Activation",
    "namespace": "dev.chaosproxy.v1",
    "doc": "One span in which ghosts answered for an endpoint.",
    "fields": [
      {
        "name": "id",
        "type": "string"
      },
      {
        "name": "service",
        "type": "string"
      },
      {
        "name": "endpoint",
        "type": "string"
      },
      {
        "name": "reason",
        "type": "string",
        "default": ""
      },
      {
        "name": "startedAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-micros"
        }
      },
      {
        "name": "lastAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-micros"
        }
      },
      {
        "name": "endedAt",
        "type": "long",
        "default": 0,
        "doc": "0 while it lasts."
      },
      {
        "name": "answers",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "Count",
            "doc": "",
            "fields": [
              {
                "name": "name",
                "type": "string"
              },
              {
                "name": "count",
                "type": "long"
              }
            ]
          }
        },
        "default": []
      },
      {
        "name": "refused",
        "type": "long",
        "default": 0
      }
    ]
  },
  "alert": {
    "type": "record",
    "name": "Alert",
    "namespace": "dev.chaosproxy.v1",
    "doc": "Changes that came together (a deployment), as one matter for a person. The newest record of an id holds.",
    "fields": [
      {
        "name": "id",
        "type": "string"
      },
      {
        "name": "service",
        "type": "string"
      },
      {
        "name": "at",
        "type": {
          "type": "long",
          "logicalType": "timestamp-micros"
        },
        "doc": "When the first of its changes was told."
      },
      {
        "name": "lastAt",
        "type": {
          "type": "long",
          "logicalType": "timestamp-micros"
        }
      },
      {
        "name": "status",
        "type": "string",
        "default": "open",
        "doc": "open, resolved, accepted or reopened"
      },
      {
        "name": "severity",
        "type": {
          "type": "enum",
          "name": "Severity",
          "symbols": [
            "unknown",
            "breaking",
            "warning",
            "info"
          ],
          "default": "unknown"
        },
        "default": "unknown"
      },
      {
        "name": "score",
        "type": "int",
        "default": 0,
        "doc": "0 to 100"
      },
      {
        "name": "summary",
        "type": "string",
        "default": ""
      },
      {
        "name": "exchange",
        "type": "string",
        "default": "",
        "doc": "Id of the first exchange that showed it."
      },
      {
        "name": "offset",
        "type": "long",
        "default": -1
      },
      {
        "name": "mixed",
        "type": "boolean",
        "default": false,
        "doc": "Two versions answer."
      },
      {
        "name": "upstreams",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "AlertUpstream",
            "fields": [
              {
                "name": "name",
                "type": "string"
              },
              {
                "name": "old",
                "type": "long",
                "default": 0,
                "doc": "Answers with the old behaviour since the alert opened."
              },
              {
                "name": "fresh",
                "type": "long",
                "default": 0,
                "doc": "Answers with the new one."
              }
            ]
          }
        },
        "default": []
      },
      {
        "name": "changes",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "AlertChange",
            "fields": [
              {
                "name": "signal",
                "type": "string"
              },
              {
                "name": "endpoint",
                "type": "string"
              },
              {
                "name": "kind",
                "type": "string"
              },
              {
                "name": "pointer",
                "type": "string",
                "default": ""
              },
              {
                "name": "renamedTo",
                "type": "string",
                "default": "",
                "doc": "Pointer of the field that this one became."
              },
              {
                "name": "severity",
                "type": "string",
                "default": "unknown"
              },
              {
                "name": "confidence",
                "type": "double",
                "default": 0
              },
              {
                "name": "before",
                "type": "string",
                "default": ""
              },
              {
                "name": "after",
                "type": "string",
                "default": ""
              },
              {
                "name": "exchange",
                "type": "string",
                "default": ""
              },
              {
                "name": "offset",
                "type": "long",
                "default": -1
              },
              {
                "name": "at",
                "type": {
                  "type": "long",
                  "logicalType": "timestamp-micros"
                },
                "default": 0
              },
              {
                "name": "status",
                "type": "string",
                "default": "open"
              },
              {
                "name": "count",
                "type": "long",
                "default": 0,
                "doc": "Answers that showed it since it was told."
              }
            ]
          }
        },
        "default": []
      }
    ]
  },
  "anomaly": {
    "type": "record",
    "name": "Anomaly",
    "namespace": "dev.chaosproxy.v1",
    "doc": "Something unusual, with its sentence.",
    "fields": [
      {
        "name": "id",
        "type": "string"
      },
      {
        "name": "service",
        "type": "string"
      },
      {
        "name": "endpoint",
        "type": "string",
        "default": ""
      },
      {
        "name": "at",
        "type": {
          "type": "long",
          "logicalType": "timestamp-micros"
        }
      },
      {
        "name": "endedAt",
        "type": "long",
        "default": 0
      },
      {
        "name": "kind",
        "type": "string"
      },
      {
        "name": "severity",
        "type": "double",
        "default": 0
      },
      {
        "name": "score",
        "type": "double",
        "default": 0
      },
      {
        "name": "sentence",
        "type": "string",
        "default": ""
      },
      {
        "name": "details",
        "type": "string",
        "default": ""
      }
    ]
  },
  "control": {
    "type": "record",
    "name": "Control",
    "namespace": "dev.chaosproxy.v1",
    "doc": "What the ingress obeys.",
    "fields": [
      {
        "name": "key",
        "type": "string"
      },
      {
        "name": "kind",
        "type": {
          "type": "enum",
          "name": "ControlKind",
          "symbols": [
            "unknown",
            "mode",
            "upstream",
            "fault"
          ],
          "default": "unknown"
        }
      },
      {
        "name": "service",
        "type": "string",
        "default": ""
      },
      {
        "name": "at",
        "type": {
          "type": "long",
          "logicalType": "timestamp-micros"
        }
      },
      {
        "name": "by",
        "type": "string",
        "default": ""
      },
      {
        "name": "value",
        "type": "string",
        "default": "",
        "doc": "JSON, by kind."
      }
    ]
  },
  "dead-letter": {
    "type": "record",
    "name": "DeadLetter",
    "namespace": "dev.chaosproxy.v1",
    "doc": "An event that could not be used, with the reason and its original bytes.",
    "fields": [
      {
        "name": "topic",
        "type": "string"
      },
      {
        "name": "partition",
        "type": "int"
      },
      {
        "name": "offset",
        "type": "long"
      },
      {
        "name": "at",
        "type": {
          "type": "long",
          "logicalType": "timestamp-micros"
        }
      },
      {
        "name": "stage",
        "type": {
          "type": "enum",
          "name": "Stage",
          "symbols": [
            "unknown",
            "decode",
            "process",
            "publish"
          ],
          "default": "unknown"
        }
      },
      {
        "name": "by",
        "type": "string",
        "default": ""
      },
      {
        "name": "reason",
        "type": "string"
      },
      {
        "name": "bytes",
        "type": "bytes"
      }
    ]
  },
  "drift": {
    "type": "record",
    "name": "Drift",
    "namespace": "dev.chaosproxy.v1",
    "doc": "One departure of the traffic from the shape that was stable before.",
    "fields": [
      {
        "name": "id",
        "type": "string"
      },
      {
        "name": "endpoint",
        "type": "string"
      },
      {
        "name": "service",
        "type": "string"
      },
      {
        "name": "at",
        "type": {
          "type": "long",
          "logicalType": "timestamp-micros"
        }
      },
      {
        "name": "kind",
        "type": "string"
      },
      {
        "name": "pointer",
        "type": "string",
        "default": ""
      },
      {
        "name": "severity",
        "type": {
          "type": "enum",
          "name": "Severity",
          "symbols": [
            "unknown",
            "breaking",
            "warning",
            "info"
          ],
          "default": "unknown"
        },
        "default": "unknown"
      },
      {
        "name": "confidence",
        "type": "double",
        "default": 0
      },
      {
        "name": "before",
        "type": "string",
        "default": ""
      },
      {
        "name": "after",
        "type": "string",
        "default": ""
      },
      {
        "name": "exchange",
        "type": "string",
        "default": "",
        "doc": "Id of the first exchange that showed it."
      },
      {
        "name": "offset",
        "type": "long",
        "default": -1
      },
      {
        "name": "status",
        "type": "string",
        "default": "open"
      },
      {
        "name": "upstreams",
        "type": {
          "type": "array",
          "items": "string"
        },
        "default": []
      },
      {
        "name": "summary",
        "type": "string",
        "default": ""
      }
    ]
  },
  "endpoint": {
    "type": "record",
    "name": "Endpoint",
    "namespace": "dev.chaosproxy.v1",
    "doc": "A learned endpoint.",
    "fields": [
      {
        "name": "id",
        "type": "string"
      },
      {
        "name": "service",
        "type": "string"
      },
      {
        "name": "method",
        "type": "string"
      },
      {
        "name": "template",
        "type": "string"
      },
      {
        "name": "parameters",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "Parameter",
            "doc": "A templated segment, left to right.",
            "fields": [
              {
                "name": "name",
                "type": "string"
              },
              {
                "name": "kind",
                "type": "string",
                "default": "",
                "doc": "uuid, integer, date, word, …"
              }
            ]
          }
        },
        "default": []
      },
      {
        "name": "count",
        "type": "long",
        "default": 0
      },
      {
        "name": "firstSeen",
        "type": {
          "type": "long",
          "logicalType": "timestamp-micros"
        }
      },
      {
        "name": "lastSeen",
        "type": {
          "type": "long",
          "logicalType": "timestamp-micros"
        }
      },
      {
        "name": "mergedInto",
        "type": "string",
        "default": "",
        "doc": "Set when this endpoint turned out to be part of another."
      },
      {
        "name": "fidelity",
        "type": "double",
        "default": -1,
        "doc": "0..1, -1 while unmeasured."
      },
      {
        "name": "fidelityCount",
        "type": "long",
        "default": 0
      }
    ]
  },
  "event": {
    "type": "record",
    "name": "Event",
    "namespace": "dev.chaosproxy.v1",
    "doc": "One event of the input topic. Kinds are nullable fields and no union of records, so that a new kind stays readable by old code.",
    "fields": [
      {
        "name": "id",
        "type": "string",
        "doc": "UUIDv7."
      },
      {
        "name": "at",
        "type": {
          "type": "long",
          "logicalType": "timestamp-micros"
        },
        "doc": "Event time: stamped once, where the event was born."
      },
      {
        "name": "service",
        "type": "string"
      },
      {
        "name": "instance",
        "type": "string",
        "doc": "One start of one process; new at each start."
      },
      {
        "name": "sequence",
        "type": "long",
        "doc": "Counts 1, 2, 3… the events of this instance under this record key: a step back is a duplicate, a jump a loss."
      },
      {
        "name": "kind",
        "type": {
          "type": "enum",
          "name": "EventKind",
          "symbols": [
            "unknown",
            "exchange",
            "signal",
            "command"
          ],
          "default": "unknown"
        }
      },
      {
        "name": "exchange",
        "type": [
          "null",
          {
            "type": "record",
            "name": "Exchange",
            "doc": "One request and its answer.",
            "fields": [
              {
                "name": "upstream",
                "type": "string",
                "default": "",
                "doc": "The server that answered or failed, empty when none was asked."
              },
              {
                "name": "client",
                "type": "string",
                "default": "",
                "doc": "Keyed pseudonym of the client address."
              },
              {
                "name": "principal",
                "type": "string",
                "default": "",
                "doc": "Keyed pseudonym of the credential, empty when anonymous."
              },
              {
                "name": "method",
                "type": "string"
              },
              {
                "name": "target",
                "type": "string",
                "doc": "Raw path and query, as received."
              },
              {
                "name": "protocol",
                "type": "string",
                "default": "HTTP/1.1"
              },
              {
                "name": "requestHeaders",
                "type": {
                  "type": "array",
                  "items": {
                    "type": "record",
                    "name": "Header",
                    "doc": "One field line, in the order and the case it came in.",
                    "fields": [
                      {
                        "name": "name",
                        "type": "string"
                      },
                      {
                        "name": "value",
                        "type": "string"
                      }
                    ]
                  }
                },
                "default": []
              },
              {
                "name": "requestBody",
                "type": {
                  "type": "record",
                  "name": "Body",
                  "doc": "A message body.",
                  "fields": [
                    {
                      "name": "mediaType",
                      "type": "string",
                      "default": "",
                      "doc": "Content-Type as sent, empty when there was none."
                    },
                    {
                      "name": "coding",
                      "type": "string",
                      "default": "",
                      "doc": "Content-Encoding of `bytes`, empty for identity."
                    },
                    {
                      "name": "bytes",
                      "type": "bytes",
                      "doc": "What was captured, after redaction."
                    },
                    {
                      "name": "length",
                      "type": "long",
                      "doc": "True length on the wire, in bytes."
                    },
                    {
                      "name": "cut",
                      "type": "boolean",
                      "doc": "`bytes` is not the whole body."
                    }
                  ]
                }
              },
              {
                "name": "status",
                "type": "int",
                "default": 0,
                "doc": "0 when no answer reached the client."
              },
              {
                "name": "responseHeaders",
                "type": {
                  "type": "array",
                  "items": "Header"
                },
                "default": []
              },
              {
                "name": "responseBody",
                "type": "Body"
              },
              {
                "name": "timings",
                "type": {
                  "type": "record",
                  "name": "Timings",
                  "doc": "Durations in microseconds, by a monotonic clock.",
                  "fields": [
                    {
                      "name": "queue",
                      "type": "long",
                      "default": 0,
                      "doc": "Arrival to upstream chosen."
                    },
                    {
                      "name": "connect",
                      "type": "long",
                      "default": 0,
                      "doc": "Until the request was handed to a connection."
                    },
                    {
                      "name": "firstByte",
                      "type": "long",
                      "default": 0,
                      "doc": "Arrival to the first byte of the answer."
                    },
                    {
                      "name": "total",
                      "type": "long",
                      "default": 0,
                      "doc": "Arrival to the last byte of the answer."
                    }
                  ]
                }
              },
              {
                "name": "attempts",
                "type": "int",
                "default": 1,
                "doc": "Upstream tries."
              },
              {
                "name": "answeredBy",
                "type": {
                  "type": "enum",
                  "name": "AnsweredBy",
                  "symbols": [
                    "unknown",
                    "upstream",
                    "ghost",
                    "limiter",
                    "fault",
                    "self"
                  ],
                  "default": "unknown"
                },
                "default": "unknown"
              },
              {
                "name": "why",
                "type": "string",
                "default": "",
                "doc": "Why this one answered: a code of the closed list in the ingress."
              },
              {
                "name": "complete",
                "type": "boolean",
                "default": true,
                "doc": "Both messages ran to their end."
              },
              {
                "name": "replayed",
                "type": "boolean",
                "default": false
              },
              {
                "name": "faults",
                "type": {
                  "type": "array",
                  "items": "string"
                },
                "default": []
              },
              {
                "name": "ghost",
                "type": [
                  "null",
                  {
                    "type": "record",
                    "name": "GhostMark",
                    "doc": "How a ghost answered.",
                    "fields": [
                      {
                        "name": "kind",
                        "type": "string"
                      },
                      {
                        "name": "confidence",
                        "type": "double"
                      },
                      {
                        "name": "activation",
                        "type": "string",
                        "default": ""
                      }
                    ]
                  }
                ],
                "default": null
              },
              {
                "name": "traceparent",
                "type": "string",
                "default": ""
              },
              {
                "name": "requestId",
                "type": "string",
                "default": ""
              }
            ]
          }
        ],
        "default": null
      },
      {
        "name": "signal",
        "type": [
          "null",
          {
            "type": "record",
            "name": "Signal",
            "doc": "What the ingress has to say besides exchanges.",
            "fields": [
              {
                "name": "kind",
                "type": {
                  "type": "enum",
                  "name": "SignalKind",
                  "symbols": [
                    "unknown",
                    "heartbeat",
                    "health",
                    "breaker",
                    "mode",
                    "gap"
                  ],
                  "default": "unknown"
                }
              },
              {
                "name": "subject",
                "type": "string",
                "default": "",
                "doc": "The upstream or service it is about."
              },
              {
                "name": "from",
                "type": "string",
                "default": ""
              },
              {
                "name": "to",
                "type": "string",
                "default": ""
              },
              {
                "name": "reason",
                "type": "string",
                "default": ""
              },
              {
                "name": "count",
                "type": "long",
                "default": 0,
                "doc": "Events lost, for a gap."
              },
              {
                "name": "attributes",
                "type": {
                  "type": "array",
                  "items": "Header"
                },
                "default": []
              }
            ]
          }
        ],
        "default": null
      },
      {
        "name": "command",
        "type": [
          "null",
          {
            "type": "record",
            "name": "Command",
            "doc": "An operator's word to the learners.",
            "fields": [
              {
                "name": "kind",
                "type": "string"
              },
              {
                "name": "subject",
                "type": "string",
                "default": ""
              },
              {
                "name": "by",
                "type": "string",
                "default": ""
              },
              {
                "name": "value",
                "type": "string",
                "default": "",
                "doc": "JSON, by kind."
              }
            ]
          }
        ],
        "default": null
      }
    ]
  },
  "ghost": {
    "type": "record",
    "name": "Ghost",
    "namespace": "dev.chaosproxy.v1",
    "doc": "One keyed part of the ghost snapshot: a later record of the same key replaces it.",
    "fields": [
      {
        "name": "key",
        "type": "string"
      },
      {
        "name": "kind",
        "type": {
          "type": "enum",
          "name": "GhostPart",
          "symbols": [
            "unknown",
            "endpoint",
            "answer",
            "resource",
            "service"
          ],
          "default": "unknown"
        }
      },
      {
        "name": "service",
        "type": "string"
      },
      {
        "name": "endpoint",
        "type": "string",
        "default": ""
      },
      {
        "name": "at",
        "type": {
          "type": "long",
          "logicalType": "timestamp-micros"
        }
      },
      {
        "name": "version",
        "type": "int",
        "default": 1
      },
      {
        "name": "fidelity",
        "type": "double",
        "default": -1
      },
      {
        "name": "payload",
        "type": "bytes",
        "doc": "JSON, by kind and version."
      }
    ]
  },
  "model": {
    "type": "record",
    "name": "Model",
    "namespace": "dev.chaosproxy.v1",
    "doc": "The response model of one service: weights where they beat the tables on exchanges held back, and the evaluation in any case.",
    "fields": [
      {
        "name": "service",
        "type": "string"
      },
      {
        "name": "at",
        "type": {
          "type": "long",
          "logicalType": "timestamp-micros"
        },
        "doc": "Event time of the newest sample."
      },
      {
        "name": "state",
        "type": {
          "type": "enum",
          "name": "ModelState",
          "symbols": [
            "unknown",
            "published",
            "refused"
          ],
          "default": "unknown"
        }
      },
      {
        "name": "reason",
        "type": "string",
        "default": "",
        "doc": "Why it was refused."
      },
      {
        "name": "origin",
        "type": "string",
        "default": "",
        "doc": "What was chosen: prior (as the product ships it), tuned (the prior, trained on), own (trained from nothing)."
      },
      {
        "name": "version",
        "type": "int",
        "doc": "Of the evidence that it reads."
      },
      {
        "name": "trainedOn",
        "type": "int"
      },
      {
        "name": "heldBack",
        "type": "int"
      },
      {
        "name": "evaluation",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "ModelMeasure",
            "fields": [
              {
                "name": "name",
                "type": "string"
              },
              {
                "name": "tables",
                "type": "double"
              },
              {
                "name": "model",
                "type": "double"
              }
            ]
          }
        },
        "default": []
      },
      {
        "name": "layers",
        "type": {
          "type": "array",
          "items": "int"
        },
        "default": [],
        "doc": "Sizes from the input to the output."
      },
      {
        "name": "weights",
        "type": "bytes",
        "default": "",
        "doc": "Float32, little-endian: per layer the kernel by rows, then the bias; empty where it was refused."
      },
      {
        "name": "slope",
        "type": "double",
        "default": 1,
        "doc": "With offset: Platt scaling of the first output, fitted on exchanges held back."
      },
      {
        "name": "offset",
        "type": "double",
        "default": 0
      },
      {
        "name": "fade",
        "type": "double",
        "default": 0,
        "doc": "Exchanges of an endpoint after which the network's correction counts half; 0: always in full."
      },
      {
        "name": "hash",
        "type": "string",
        "default": "",
        "doc": "Of version, layers, weights, scaling and fading, hex."
      }
    ]
  },
  "sample": {
    "type": "record",
    "name": "Sample",
    "namespace": "dev.chaosproxy.v1",
    "doc": "What a ghost would have answered to one live exchange, and how right that was: what the response model is trained on. No value of anybody is in it.",
    "fields": [
      {
        "name": "service",
        "type": "string"
      },
      {
        "name": "endpoint",
        "type": "string"
      },
      {
        "name": "at",
        "type": {
          "type": "long",
          "logicalType": "timestamp-micros"
        }
      },
      {
        "name": "version",
        "type": "int",
        "doc": "Of the evidence."
      },
      {
        "name": "evidence",
        "type": "bytes",
        "doc": "Numbers from 0 to 1, a byte each."
      },
      {
        "name": "rule",
        "type": "string",
        "default": ""
      },
      {
        "name": "told",
        "type": "int",
        "doc": "Status that the ghost would have answered."
      },
      {
        "name": "truth",
        "type": "int",
        "doc": "Status that the upstream answered."
      },
      {
        "name": "fidelity",
        "type": "double"
      },
      {
        "name": "believed",
        "type": "double",
        "doc": "Confidence by the tables."
      },
      {
        "name": "weight",
        "type": "double",
        "default": 1,
        "doc": "For how many alike it stands: right answers that were to be expected are drawn."
      }
    ]
  },
  "shape": {
    "type": "record",
    "name": "Shape",
    "namespace": "dev.chaosproxy.v1",
    "doc": "The learned structure of an endpoint's bodies and parameters.",
    "fields": [
      {
        "name": "endpoint",
        "type": "string"
      },
      {
        "name": "service",
        "type": "string"
      },
      {
        "name": "at",
        "type": {
          "type": "long",
          "logicalType": "timestamp-micros"
        }
      },
      {
        "name": "parts",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "ShapePart",
            "doc": "One learned structure.",
            "fields": [
              {
                "name": "direction",
                "type": {
                  "type": "enum",
                  "name": "Direction",
                  "symbols": [
                    "unknown",
                    "request",
                    "response",
                    "query",
                    "headers"
                  ],
                  "default": "unknown"
                }
              },
              {
                "name": "status",
                "type": "string",
                "default": "",
                "doc": "2xx, 404, …; empty for requests."
              },
              {
                "name": "count",
                "type": "long"
              },
              {
                "name": "schema",
                "type": "string",
                "doc": "JSON Schema 2020-12, with x-count annotations."
              }
            ]
          }
        },
        "default": []
      }
    ]
  },
  "window": {
    "type": "record",
    "name": "Window",
    "namespace": "dev.chaosproxy.v1",
    "doc": "Aggregates of one endpoint (or service, upstream, …) over one span of event time: a minute, rolled up to an hour and a day by merging.",
    "fields": [
      {
        "name": "endpoint",
        "type": "string"
      },
      {
        "name": "service",
        "type": "string"
      },
      {
        "name": "start",
        "type": {
          "type": "long",
          "logicalType": "timestamp-micros"
        }
      },
      {
        "name": "span",
        "type": "int",
        "default": 60,
        "doc": "Seconds."
      },
      {
        "name": "count",
        "type": "long"
      },
      {
        "name": "late",
        "type": "long",
        "default": 0
      },
      {
        "name": "statuses",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "Count",
            "doc": "",
            "fields": [
              {
                "name": "name",
                "type": "string"
              },
              {
                "name": "count",
                "type": "long"
              }
            ]
          }
        },
        "default": []
      },
      {
        "name": "answeredBy",
        "type": {
          "type": "array",
          "items": "Count"
        },
        "default": []
      },
      {
        "name": "upstreams",
        "type": {
          "type": "array",
          "items": "Count"
        },
        "default": []
      },
      {
        "name": "requestBytes",
        "type": "long",
        "default": 0
      },
      {
        "name": "responseBytes",
        "type": "long",
        "default": 0
      },
      {
        "name": "latencySum",
        "type": "long",
        "default": 0,
        "doc": "Microseconds."
      },
      {
        "name": "latency",
        "type": "bytes",
        "default": "",
        "doc": "Mergeable sketch of total latency in microseconds."
      },
      {
        "name": "p50",
        "type": "double",
        "default": 0,
        "doc": "Microseconds."
      },
      {
        "name": "p95",
        "type": "double",
        "default": 0
      },
      {
        "name": "p99",
        "type": "double",
        "default": 0
      },
      {
        "name": "scope",
        "type": "string",
        "default": "endpoint",
        "doc": "What is counted: endpoint, service, upstream, answered-by or status-class."
      },
      {
        "name": "name",
        "type": "string",
        "default": "",
        "doc": "Of the upstream, of who answered, of the class; empty for the other scopes."
      },
      {
        "name": "partition",
        "type": "int",
        "default": 0,
        "doc": "Of the input: a service that is split over partitions has a window of each."
      },
      {
        "name": "closed",
        "type": "boolean",
        "default": false,
        "doc": "No more will be counted here. Open minutes come without sketches of clients and without top lists."
      },
      {
        "name": "clients",
        "type": "long",
        "default": 0,
        "doc": "Distinct clients."
      },
      {
        "name": "clientsSketch",
        "type": "bytes",
        "default": "",
        "doc": "Mergeable (HyperLogLog)."
      },
      {
        "name": "principals",
        "type": "long",
        "default": 0,
        "doc": "Distinct principals, as pseudonyms."
      },
      {
        "name": "principalsSketch",
        "type": "bytes",
        "default": ""
      },
      {
        "name": "topPaths",
        "type": {
          "type": "array",
          "items": {
            "type": "record",
            "name": "Heavy",
            "doc": "A frequent name; the count is too high by at most the error.",
            "fields": [
              {
                "name": "name",
                "type": "string"
              },
              {
                "name": "count",
                "type": "long"
              },
              {
                "name": "error",
                "type": "long",
                "default": 0
              }
            ]
          }
        },
        "default": []
      },
      {
        "name": "topAgents",
        "type": {
          "type": "array",
          "items": "Heavy"
        },
        "default": []
      },
      {
        "name": "topErrors",
        "type": {
          "type": "array",
          "items": "Heavy"
        },
        "default": [],
        "doc": "Status and body of answers of 400 and above, numbers left out."
      }
    ]
  }
}
