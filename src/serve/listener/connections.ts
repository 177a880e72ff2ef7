// Where connections come from when this process does not listen itself: another one accepts, and hands them over.
import type { Socket } from "node:net";

export interface HandedConnections {
  readonly hasGrpc: boolean;
  /** Called once, when connections can be answered. They are paused, and nothing has been read of them. */
  open(take: { http(socket: Socket): void; grpc(socket: Socket): void }): void;
}
