// A load generator that costs little: it writes the same bytes over and over and counts whole answers.
import { connect, type Socket } from "node:net";

export interface Load {
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/**
 * Closed loop: every connection sends its next request when the answer to the last is complete.
 * @throws when an answer is not 200
 */
export async function load(port: number, body: string, connections: number, ms: number): Promise<Load> {
  const head = `POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  const request = Buffer.from(head + body);
  const latencies: number[] = [];
  const end = performance.now() + ms;
  const clients = Array.from({ length: connections }, () => client(port, request, end, latencies));
  await Promise.all(clients);
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]!;
  return { requestsPerSecond: (latencies.length * 1000) / ms, p50: at(0.5), p99: at(0.99) };
}

function client(port: number, request: Buffer, end: number, latencies: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let started = 0;
    let received = "";
    const send = () => {
      started = performance.now();
      socket.write(request);
    };
    socket.on("connect", send).on("error", reject);
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
      const bodyStart = received.indexOf("\r\n\r\n") + 4;
      if (bodyStart < 4) return;
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1]);
      if (received.length < bodyStart + length) return;
      if (!received.startsWith("HTTP/1.1 200")) {
        reject(new Error(received.slice(0, 500)));
        return;
      }
      received = "";
      const now = performance.now();
      latencies.push(now - started);
      if (now < end) send();
      else {
        socket.destroy();
        resolve();
      }
    });
  });
}
