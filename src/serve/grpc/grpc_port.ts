// The port of gRPC: accepts, encrypts, and loads the rest when its first client speaks.
import { createServer, type Server, type Socket } from "node:net";
import type { Server as TlsServer } from "node:tls";
import { firstBytes, isHttp2 } from "../listener/first_bytes.ts";
import { nodeTls } from "../listener/node_http.ts";
import type { TlsFiles } from "../listener/tls_files.ts";
import type { Serving } from "../serving.ts";
import type { GrpcServer } from "./server.ts";

export interface GrpcPortOptions {
  readonly tls?: TlsFiles | undefined;
  /** For the first bytes of a connection, and for its handshake. */
  readonly headersTimeoutMs: number;
  /** One JSON line per internal error. */
  readonly errorLog: (line: string) => void;
}

export class GrpcPort {
  /** Listens, or is handed connections. */
  readonly server: Server;
  readonly #serving: Serving;
  readonly #options: GrpcPortOptions;
  /** Connections that have not said yet what they speak. */
  readonly #waiting = new Set<Socket>();
  #rest: Promise<GrpcServer> | null = null;
  #isClosing = false;

  constructor(serving: Serving, options: GrpcPortOptions) {
    this.#serving = serving;
    this.#options = options;
    const { tls, headersTimeoutMs: handshakeTimeout } = options;
    this.server = tls
      ? nodeTls().createServer({ ...tls.current(), ALPNProtocols: ["h2"], handshakeTimeout }, (socket) =>
          this.#greet(socket),
        )
      : createServer((socket) => this.#greet(socket));
    // A handshake that failed is the client's matter.
    this.server.on("tlsClientError", () => {});
  }

  /** A connection that another process accepted. */
  take(socket: Socket): void {
    this.server.emit("connection", socket);
  }

  /** From the next connection on, another certificate. */
  encryptWith(pair: ReturnType<TlsFiles["current"]>): void {
    (this.server as TlsServer).setSecureContext(pair);
  }

  /** Stops accepting, lets calls under way finish for at most `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosing = true;
    this.server.close(() => {});
    for (const socket of this.#waiting) socket.destroy();
    await (await this.#rest)?.close(timeoutMs);
  }

  #greet(socket: Socket): void {
    this.#waiting.add(socket);
    socket.once("close", () => this.#waiting.delete(socket));
    firstBytes(socket, this.#options.headersTimeoutMs, (bytes) => {
      if (!isHttp2(bytes)) {
        socket.destroy();
        return;
      }
      socket.pause();
      socket.unshift(bytes);
      const leave = () => socket.destroy();
      socket.once("error", leave);
      void this.#loaded().then((server) => {
        this.#waiting.delete(socket);
        if (this.#isClosing || socket.destroyed) socket.destroy();
        else server.take(socket);
      });
    });
  }

  #loaded(): Promise<GrpcServer> {
    this.#rest ??= import("./server.ts").then(({ GrpcServer: Rest }) => {
      return new Rest(this.#serving, this.#options.errorLog);
    });
    return this.#rest;
  }
}
