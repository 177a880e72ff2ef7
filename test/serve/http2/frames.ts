// HTTP/2 frames as bytes (RFC 9113, 4.1), so that tests can send what no client would.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";

export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const types = [
  "DATA",
  "HEADERS",
  "PRIORITY",
  "RST_STREAM",
  "SETTINGS",
  "PUSH_PROMISE",
  "PING",
  "GOAWAY",
  "WINDOW_UPDATE",
  "CONTINUATION",
] as const;
export type FrameType = (typeof types)[number];
export const flags = { endStream: 1, ack: 1, endHeaders: 4, padded: 8 };

export function frame(
  type: FrameType,
  flag: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
  length = payload.length,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head[3] = types.indexOf(type);
  head[4] = flag;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** An HPACK integer of a prefix of seven bits whose first bit is clear. */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  for (value -= 127; value >= 128; value >>>= 7) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value]);
}

/** A header block of literals that are never indexed (RFC 7541, 6.2.3): no Huffman code, no table. */
export function headerBlock(
  headers: Readonly<Record<string, string>> | readonly (readonly [string, string])[],
): Buffer {
  const entries = Array.isArray(headers) ? headers : Object.entries(headers);
  return Buffer.concat(
    entries.flatMap(([name, value]) => [
      Buffer.from([0x10]),
      integer(Buffer.byteLength(name)),
      Buffer.from(name),
      integer(Buffer.byteLength(value, "latin1")),
      Buffer.from(value, "latin1"),
    ]),
  );
}

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

export const setting = (id: number, value: number): Buffer => Buffer.concat([Buffer.from([0, id]), uint32(value)]);

export const post = (path: string, more: Readonly<Record<string, string>> = {}): Buffer =>
  headerBlock({ ":method": "POST", ":scheme": "http", ":path": path, ":authority": "a", ...more });

export interface SeenFrame {
  readonly type: FrameType;
  readonly flag: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** One connection that speaks frames. */
export class FrameClient {
  readonly seen: SeenFrame[] = [];
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
  }

  /** @param settings of the client's first frame */
  static async open(
    port: number,
    { isEncrypted = false, settings = Buffer.alloc(0) as Buffer } = {},
  ): Promise<FrameClient> {
    const to = { port, host: "127.0.0.1" };
    const socket = isEncrypted ? tlsConnect({ ...to, rejectUnauthorized: false, ALPNProtocols: ["h2"] }) : connect(to);
    await once(socket, isEncrypted ? "secureConnect" : "connect");
    const client = new FrameClient(socket);
    client.send(preface, frame("SETTINGS", 0, 0, settings));
    return client;
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  send(...frames: readonly Uint8Array[]): void {
    if (!this.#socket.destroyed && this.#socket.writable) this.#socket.write(Buffer.concat(frames));
  }

  /** Sends and waits until the connection takes more; false once it ended. */
  async push(bytes: Uint8Array): Promise<boolean> {
    if (this.#socket.destroyed) return false;
    if (!this.#socket.write(bytes)) await Promise.race([this.closed, once(this.#socket, "drain").catch(() => {})]);
    return !this.#socket.destroyed;
  }

  /** Waits until a frame fits; null when the connection ended without one. */
  async until(fits: (frame: SeenFrame) => boolean): Promise<SeenFrame | null> {
    for (let turns = 0; ; turns++) {
      const found = this.seen.find(fits);
      if (found || this.#socket.destroyed) return found ?? null;
      if (turns > 400) throw new Error(`nothing came but ${this.seen.map(({ type }) => type)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Error code of the first RST_STREAM of a stream, or of GOAWAY; null when the connection ended without. */
  async refusal(stream?: number): Promise<number | null> {
    const frame = await this.until(
      ({ type, stream: of }) => type === "GOAWAY" || (type === "RST_STREAM" && (stream === undefined || of === stream)),
    );
    return frame ? frame.payload.readUInt32BE(frame.type === "GOAWAY" ? 4 : 0) : null;
  }

  close(): void {
    this.#socket.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 9) {
      const length = this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < 9 + length) return;
      const [type, flag] = [types[this.#rest[3]!]!, this.#rest[4]!];
      this.seen.push({ type, flag, stream: this.#rest.readUInt32BE(5), payload: this.#rest.subarray(9, 9 + length) });
      this.#rest = this.#rest.subarray(9 + length);
    }
  }
}
