// What goes wrong before a message is there to be read: a status and a text, as gRPC wants them.
// Rule: grpc/grpc, doc/statuscodes.md and doc/compression.md.

const grpcCodes = {
  INVALID_ARGUMENT: 3,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
} as const;

export class WireError extends Error {
  readonly code: number;

  constructor(code: keyof typeof grpcCodes, message: string) {
    super(message);
    this.code = grpcCodes[code];
  }
}
