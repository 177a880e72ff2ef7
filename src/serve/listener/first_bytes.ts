// What a connection says first, before anybody speaks a protocol on it: HTTP/2 is told apart by it, and who says nothing costs nothing.
import type { Socket } from "node:net";

/** RFC 9113, 3.4: what a client of HTTP/2 sends first. */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export function isHttp2(bytes: Buffer): boolean {
  return bytes.subarray(0, preface.length).equals(preface);
}

/**
 * Calls `then` once, with enough bytes to tell HTTP/2 from anything else. A connection that says nothing for `timeoutMs` ends.
 */
export function firstBytes(socket: Socket, timeoutMs: number, then: (bytes: Buffer) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const destroy = () => socket.destroy();
  const ended = () => socket.end();
  socket.setTimeout(timeoutMs, destroy);
  const listen = (chunk: Buffer) => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    if (seen.length < preface.length && preface.subarray(0, seen.length).equals(seen)) return;
    socket.off("data", listen).off("error", destroy).off("end", ended);
    socket.setTimeout(0);
    socket.off("timeout", destroy);
    then(seen);
  };
  socket.on("data", listen).once("error", destroy).once("end", ended);
}
