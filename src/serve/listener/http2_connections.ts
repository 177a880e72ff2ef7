// Connections that speak HTTP/2, from when they are known to until they end: bounded in what they may hold, closed in order.
import type http2 from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Streams at once on one connection; a client is told, and those beyond are refused one by one. */
const mostStreams = 256;
/** How long a connection that was on its way when closing began may take to say what it wants. */
export const silentConnectionMs = 100;
/** Bytes that may be on their way: of one stream, and of a connection, whose usual 64 KiB slow large bodies down. */
const streamWindow = 2 ** 20;
const connectionWindow = 2 ** 22;
const deadPeerMs = 60_000;

export class Http2Connections {
  readonly server: http2.Http2Server;
  readonly #idleMs: number;
  readonly #sessions = new Set<http2.Http2Session>();
  #isClosing = false;
  #allLeft: (() => void) | null = null;

  /** @param idleMs a connection on which nothing moves for so long is asked to end */
  constructor(idleMs: number) {
    this.#idleMs = idleMs;
    this.server = process.getBuiltinModule("node:http2").createServer({
      settings: { maxConcurrentStreams: mostStreams, initialWindowSize: streamWindow, maxHeaderListSize: 16_384 },
    });
    this.server.on("session", (session) => this.#watch(session));
    this.server.on("sessionError", () => {});
  }

  /** @param socket decrypted, nothing of it read or all of it put back */
  take(socket: Duplex): void {
    // Who vanished without a word is found out.
    (socket as Socket).setKeepAlive?.(true, deadPeerMs);
    // HTTP/1.1 answers who has ended its side; here the session would wait for windows that never come.
    socket.allowHalfOpen = false;
    this.server.emit("connection", socket);
  }

  /** Streams under way go on, no new ones begin. @returns when all have ended */
  close(): Promise<void> {
    this.#isClosing = true;
    for (const session of this.#sessions) session.close();
    return new Promise((resolve) => {
      if (this.#sessions.size === 0) resolve();
      else this.#allLeft = resolve;
    });
  }

  destroy(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #watch(session: http2.Http2Session): void {
    this.#sessions.add(session);
    session.once("close", () => {
      this.#sessions.delete(session);
      if (this.#sessions.size === 0) this.#allLeft?.();
    });
    session.once("connect", () => {
      if (!session.destroyed) (session as http2.ServerHttp2Session).setLocalWindowSize(connectionWindow);
    });
    session.setTimeout(this.#idleMs, () => session.close());
    if (!this.#isClosing) return;
    // It was on its way when closing began: its first request is answered.
    session.once("stream", () => session.close());
    setTimeout(() => session.close(), silentConnectionMs);
  }
}
