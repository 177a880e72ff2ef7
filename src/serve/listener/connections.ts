// Where connections come from when this process does not listen itself: another one accepts, and hands them over.
import type { Socket } from "node:net";

export interface HandedConnections {
  /** What clients dial: `http://host:port`, or `unix:` and the path of a socket. */
  readonly url: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** Null where gRPC is not asked for. */
  readonly grpcPort: number | null;
  /** Called once, when connections can be answered. They are paused, and nothing has been read of them. */
  open(take: { http(socket: Socket): void; grpc(socket: Socket): void }): void;
}
