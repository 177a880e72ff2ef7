// One port, two protocols: HTTP/1.1 and HTTP/2, told apart by ALPN where the connection is encrypted, else by what a client says first.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Http2Server } from "node:http2";
import type { Server as TlsServer } from "node:https";
import { Server as NetServer, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { firstBytes, isHttp2 } from "./first_bytes.ts";
import { Http2Connections, silentConnectionMs } from "./http2_connections.ts";
import { createServer, nodeHttps } from "./node_http.ts";
import type { TlsFiles } from "./tls_files.ts";

export type Handle = (request: IncomingMessage, response: ServerResponse) => void;

export interface HttpPortOptions {
  readonly tls?: TlsFiles | undefined;
  /** For the headers of a request; a connection that says nothing has as long. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

export class HttpPort {
  /** Listens or is handed connections, and speaks HTTP/1.1. */
  readonly server: Server;
  readonly #handed = new Set<Socket>();
  /** Made when its first client comes: Node's HTTP/2 takes 7 MB. */
  #http2: Http2Connections | null = null;
  readonly #onServer: (server: Server | Http2Server) => void;
  readonly #silent = new Set<Socket>();
  #isTimed = false;
  #isClosing = false;
  #allLeft: (() => void) | null = null;
  readonly #options: HttpPortOptions;
  readonly #handle: Handle;

  /** @param onServer called with the server of each protocol before its first request */
  constructor(handle: Handle, options: HttpPortOptions, onServer: (server: Server | Http2Server) => void) {
    this.#options = options;
    this.#onServer = onServer;
    this.#handle = handle;
    const timeouts = {
      headersTimeout: options.headersTimeoutMs,
      requestTimeout: options.requestTimeoutMs,
      keepAliveTimeout: options.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(2000, options.headersTimeoutMs),
    };
    const handshakeTimeout = options.headersTimeoutMs;
    this.server = options.tls
      ? nodeHttps().createServer(
          { ...timeouts, handshakeTimeout, ...options.tls.current(), ALPNProtocols: ["h2", "http/1.1"] },
          handle,
        )
      : createServer(timeouts, handle);
    onServer(this.server);
    this.#tellApart(options.tls ? "secureConnection" : "connection");
  }

  /** A connection that another process accepted. */
  take(socket: Socket): void {
    // Node's server keeps the time of its connections from the moment on when it listens, which this one never does.
    if (!this.#isTimed) this.server.emit("listening");
    this.#isTimed = true;
    this.#handed.add(socket);
    socket.once("close", () => {
      this.#handed.delete(socket);
      if (this.#handed.size === 0) this.#allLeft?.();
    });
    this.server.emit("connection", socket);
  }

  /** From the next connection on, another certificate. */
  encryptWith(pair: ReturnType<TlsFiles["current"]>): void {
    (this.server as TlsServer).setSecureContext(pair);
  }

  /** Every connection is answered and closed; those that have not said anything yet get a moment to. */
  async close(timeoutMs: number): Promise<void> {
    const { server } = this;
    this.#isClosing = true;
    // http.Server's own close() would at once reset connections whose request is still on its way.
    const left = new Promise<void>((resolve) => {
      if (this.#handed.size === 0) resolve();
      else this.#allLeft = resolve;
    });
    const ended = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
    void this.#http2?.close();
    const closeSilent = () => {
      for (const socket of this.#silent) socket.destroy();
      server.close(() => {});
    };
    const timers = [
      setTimeout(closeSilent, silentConnectionMs),
      setTimeout(() => {
        this.#http2?.destroy();
        server.closeAllConnections();
        for (const socket of this.#handed) socket.destroy();
      }, timeoutMs),
    ];
    await Promise.all([ended, left]);
    for (const timer of timers) clearTimeout(timer);
    closeSilent();
  }

  #tellApart(event: "connection" | "secureConnection"): void {
    const { server } = this;
    const speakHttp1 = server.listeners(event).at(-1) as (this: Server, socket: Socket) => void;
    server.off(event, speakHttp1);
    server.on(event, (socket: Socket) => {
      if (event === "secureConnection" && (socket as TLSSocket).alpnProtocol === "h2") {
        this.#speakHttp2(socket);
        return;
      }
      this.#silent.add(socket);
      const leave = () => this.#silent.delete(socket);
      socket.once("close", leave);
      firstBytes(socket, this.#options.headersTimeoutMs, (bytes) => {
        leave();
        socket.off("close", leave);
        if (isHttp2(bytes)) {
          socket.pause();
          socket.unshift(bytes);
          this.#speakHttp2(socket);
        } else {
          speakHttp1.call(server, socket);
          socket.emit("data", bytes);
        }
      });
    });
  }

  #speakHttp2(socket: Socket): void {
    this.#http2 ??= this.#http2Server();
    this.#http2.take(socket);
  }

  #http2Server(): Http2Connections {
    const connections = new Http2Connections(this.#options.keepAliveTimeoutMs);
    this.#onServer(connections.server);
    connections.server.on("request", (request, response) =>
      this.#handle(request as unknown as IncomingMessage, response as unknown as ServerResponse),
    );
    if (this.#isClosing) void connections.close();
    return connections;
  }
}
