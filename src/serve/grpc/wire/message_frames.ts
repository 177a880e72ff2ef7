// Messages on a stream: one byte whether it is compressed, four its length, then the message (grpc/grpc, doc/PROTOCOL-HTTP2.md).
import { IngotError } from "../../../core/index.ts";
import { WireError } from "./wire_error.ts";

export interface FramedMessage {
  readonly isCompressed: boolean;
  readonly bytes: Buffer;
}

const headLength = 5;

/** Cuts a stream into messages. No more is kept than the message that is on its way, which is no longer than `limit`. */
export class MessageFrames {
  readonly #limit: number;
  #parts: Buffer[] = [];
  /** Bytes in `#parts`. */
  #held = 0;

  /** @param limit bytes of one message as it is sent */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes of a message that is not complete. */
  get held(): number {
    return this.#held;
  }

  /**
   * The messages that end in this chunk.
   * @throws IngotError BODY_TOO_LARGE as soon as a length says so; WireError for a flag that nobody knows
   */
  push(chunk: Buffer): FramedMessage[] {
    const messages: FramedMessage[] = [];
    this.#parts.push(chunk);
    this.#held += chunk.length;
    while (this.#held >= headLength) {
      const head = this.#head();
      const flag = head[0]!;
      if (flag > 1) throw new WireError("INTERNAL", `expected 0 or 1 in front of a message, got ${flag}`);
      const length = head.readUInt32BE(1);
      if (length > this.#limit) throw tooLarge(length, this.#limit);
      if (this.#held < headLength + length) break;
      const all = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
      messages.push({ isCompressed: flag === 1, bytes: all.subarray(headLength, headLength + length) });
      const rest = all.subarray(headLength + length);
      this.#parts = rest.length > 0 ? [rest] : [];
      this.#held = rest.length;
    }
    return messages;
  }

  /** @throws WireError when the stream ends inside of a message */
  end(): void {
    if (this.#held > 0)
      throw new WireError("INVALID_ARGUMENT", `the stream ended inside of a message, after ${this.#held} bytes of it`);
  }

  /** The first five bytes that are held, which a client may have sent one by one. */
  #head(): Buffer {
    if (this.#parts[0]!.length < headLength) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0]!;
  }
}

/** A message as it is sent, never compressed. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headLength + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, headLength);
  return frame;
}

function tooLarge(length: number, limit: number): IngotError {
  return new IngotError("BODY_TOO_LARGE", {
    what: `the message has ${length} bytes, more than ${limit}`,
    where: "gRPC message",
    fix: "send fewer records per request",
  });
}
