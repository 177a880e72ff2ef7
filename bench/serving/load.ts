// A load generator that costs little: it writes the same bytes over and over and counts whole answers. One process, so it takes a part of
// one core from what it measures: for all alike.
import { connect, type Socket } from "node:net";
import { randomSource } from "../../fuzz/mutate.ts";

export interface Load {
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Answers that were not 200, and requests that got none. */
  readonly failed: number;
}

/** The bytes of a POST request. */
export function requestBytes(
  path: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const bytes = Buffer.from(body as Uint8Array);
  const lines = [
    `POST ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    `Content-Length: ${bytes.length}`,
    ...Object.entries({ "Content-Type": "application/json", ...headers }).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), bytes]);
}

/** Closed loop: every connection sends its next request when the answer to the last is complete. */
export async function load(port: number, request: Buffer, connections: number, ms: number): Promise<Load> {
  const latencies: number[] = [];
  let failed = 0;
  const end = performance.now() + ms;
  const client = () =>
    new Promise<void>((resolve) => {
      let sentAt = 0;
      const line = new Line(port, (isGood) => {
        const now = performance.now();
        if (isGood) latencies.push(now - sentAt);
        else failed++;
        if (now >= end || !line.isOpen) {
          line.close();
          resolve();
          return;
        }
        sentAt = now;
        line.send(request);
      });
      sentAt = performance.now();
      line.send(request);
    });
  const start = performance.now();
  await Promise.all(Array.from({ length: connections }, client));
  // Slow servers answer their last requests long after the end.
  const took = performance.now() - start;
  return { ...quantiles(latencies), requestsPerSecond: (latencies.length * 1000) / took, failed };
}

/**
 * Open loop: requests are due at random times of a fixed rate (a Poisson process, as independent clients make; the same times for every
 * server), whatever became of those before, and their time counts from when they were due: waiting for a connection counts too (no
 * coordinated omission). Every connection is open, and has had an answer, before the first is due.
 */
export async function openLoad(
  port: number,
  request: Buffer,
  connections: number,
  ms: number,
  requestsPerSecond: number,
): Promise<Load> {
  const latencies: number[] = [];
  let failed = 0;
  const due: number[] = [];
  const idle: Client[] = [];
  interface Client {
    readonly line: Line;
    /** Null: what it sent only opened the connection. */
    dueAt: number | null;
  }
  const next = (client: Client) => {
    const at = due.shift();
    if (at === undefined) idle.push(client);
    else {
      client.dueAt = at;
      client.line.send(request);
    }
  };
  const clients = Array.from({ length: connections }, () => {
    const client: Client = {
      dueAt: null,
      line: new Line(port, (isGood) => {
        if (client.dueAt !== null) {
          if (isGood) latencies.push(performance.now() - client.dueAt);
          else failed++;
        }
        if (client.line.isOpen) next(client);
      }),
    };
    client.line.send(request);
    return client;
  });
  await until(() => idle.length === connections);
  const random = randomSource(1);
  const start = performance.now();
  let at = start;
  let made = 0;
  while (at < start + ms) {
    for (const now = performance.now(); at <= now && at < start + ms; made++) {
      due.push(at);
      const client = idle.pop();
      if (client) next(client);
      at -= (Math.log(1 - random()) * 1000) / requestsPerSecond;
    }
    // Timers are a millisecond late: only long waits are left to them.
    await (at - performance.now() > 3 ? new Promise((resolve) => setTimeout(resolve, 1)) : new Promise(setImmediate));
  }
  await until(() => latencies.length + failed >= made);
  failed = made - latencies.length;
  for (const { line } of clients) line.close();
  return { ...quantiles(latencies), requestsPerSecond: (latencies.length * 1000) / Math.max(ms, 1), failed };
}

/** Whoever is far behind is not waited for for ever. */
async function until(isDone: () => boolean): Promise<void> {
  const patience = performance.now() + 2000;
  while (!isDone() && performance.now() < patience) await new Promise((resolve) => setTimeout(resolve, 5));
}

function quantiles(latencies: number[]): { p50: number; p99: number } {
  latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

const headEnd = Buffer.from("\r\n\r\n");

/** One connection with one request at a time. */
class Line {
  isOpen = true;
  readonly #socket: Socket;
  readonly #answered: (isGood: boolean) => void;
  #received: Buffer = Buffer.alloc(0);
  #waits = false;

  constructor(port: number, answered: (isGood: boolean) => void) {
    this.#answered = answered;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#socket.on("error", () => this.#socket.destroy());
    this.#socket.on("close", () => this.#lost());
  }

  send(request: Buffer): void {
    this.#waits = true;
    this.#socket.write(request);
  }

  close(): void {
    this.isOpen = false;
    this.#socket.destroy();
  }

  #lost(): void {
    this.isOpen = false;
    if (!this.#waits) return;
    this.#waits = false;
    this.#answered(false);
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const head = this.#received.indexOf(headEnd);
    if (head === -1) return;
    const text = this.#received.toString("latin1", 0, head).toLowerCase();
    const length = Number(/\r\ncontent-length: *(\d+)/.exec(text)?.[1]);
    const isWhole = Number.isNaN(length)
      ? this.#received.subarray(-5).toString("latin1") === "0\r\n\r\n"
      : this.#received.length >= head + 4 + length;
    if (!isWhole) return;
    this.#received = Buffer.alloc(0);
    this.#waits = false;
    this.#answered(text.startsWith("http/1.1 200"));
  }
}
