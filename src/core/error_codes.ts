// Every stable error code, with the exit status of the CLI and the status of the HTTP API (design: command line, HTTP).
// A code is forever: scripts match on it. Exit: 1 the answer is no, 2 usage, 3 refused input, 4 not found, 5 network, 70 bug.

interface Outcome {
  readonly exit: 1 | 2 | 3 | 4 | 5 | 70;
  readonly http: number;
  /** What to do where the place that throws knows nothing better. */
  readonly fix?: string;
}

const refused: Outcome = { exit: 3, http: 400 };
const usage: Outcome = { exit: 2, http: 400 };
const absent: Outcome = { exit: 4, http: 404 };
const no: Outcome = { exit: 1, http: 409 };

export const errorCodes = {
  // command line
  USAGE: usage,
  COMMAND_UNKNOWN: usage,
  INTERNAL: { exit: 70, http: 500 },

  // files and readers
  FILE_NOT_FOUND: absent,
  FILE_UNREADABLE: refused,
  FILE_TRUNCATED: { ...refused, fix: "the file is incomplete: copy or save it again" },
  FILE_TOO_LARGE: { exit: 3, http: 413 },
  FILE_MALFORMED: {
    ...refused,
    fix: "the file is damaged, or not what it looks like: compare it with where it came from, or save it again",
  },
  DECOMPRESSION_BOMB: { exit: 3, http: 413 },
  FORMAT_UNKNOWN: refused,
  PATH_UNSAFE: refused,
  DISK_FULL: { exit: 3, http: 507 },
  JSON_MALFORMED: refused,

  // onnx
  ONNX_MALFORMED: { ...refused, fix: "the file is damaged: export the graph again" },
  ONNX_INVALID: { ...refused, fix: "export the graph again; `onnx.checker.check_model` may say more" },
  ONNX_UNSUPPORTED: refused,

  // declared steps
  PIPELINE_INVALID: refused,
  /** A step that the user wrote threw, took too long or returned something else. */
  CUSTOM_STEP_FAILED: { exit: 3, http: 422 },
  /** A tokenizer.json that cannot be one. */
  TOKENIZER_INVALID: refused,
  /** A tokenizer whose tokens are not known to be the same here. */
  TOKENIZER_UNSUPPORTED: refused,
  /** One record that a step refuses or cannot read. */
  RECORD_REFUSED: { exit: 3, http: 422 },

  // models and conversion
  MODEL_INVALID: {
    ...refused,
    fix: "the file is damaged or was changed by hand: save the model again with its own library",
  },
  MODEL_UNSUPPORTED: refused,

  // project file
  PROJECT_INVALID: refused,
  PROJECT_EXISTS: refused,

  // packages and the store
  REFERENCE_INVALID: usage,
  PACKAGE_NOT_FOUND: absent,
  PACKAGE_EXISTS: no,
  PACKAGE_CORRUPT: { exit: 1, http: 500, fix: "pack it again, or copy it again from where it came from" },
  PACKAGE_INVALID: { ...refused, fix: "pack it again with this version of Ingot" },
  VERIFY_FAILED: no,
  SCAN_REFUSED: no,
  STORE_LOCKED: no,
  REMOTE_FAILED: { exit: 5, http: 502 },
  STORE_CORRUPT: { exit: 1, http: 500 },

  // predictions
  INPUT_INVALID: refused,
  RUNTIME_FAILED: { exit: 70, http: 500 },
  RUNTIME_UNSUPPORTED: refused,

  // deployments
  DEPLOYMENT_INVALID: refused,
  DEPLOYMENT_REFUSED: no,

  // server
  REQUEST_MALFORMED: refused,
  REQUEST_TIMEOUT: { exit: 5, http: 408 },
  BODY_TOO_LARGE: { exit: 3, http: 413 },
  BODY_ENCODING_UNSUPPORTED: { exit: 2, http: 415 },
  EXPECTATION_UNSUPPORTED: { exit: 2, http: 417 },
  ROUTE_UNKNOWN: absent,
  METHOD_NOT_ALLOWED: { exit: 2, http: 405 },
  MODEL_UNKNOWN: absent,
  OVERLOADED: { exit: 5, http: 503 },
  DEADLINE_EXCEEDED: { exit: 5, http: 504 },
  UNAUTHENTICATED: { exit: 5, http: 401 },
  FORBIDDEN: { exit: 5, http: 403 },
  SHUTTING_DOWN: { exit: 5, http: 503 },
  ADDRESS_IN_USE: { exit: 5, http: 503 },
} as const satisfies Record<string, Outcome>;

export type ErrorCode = keyof typeof errorCodes;

export function outcomeOf(code: ErrorCode): Outcome {
  return errorCodes[code];
}
