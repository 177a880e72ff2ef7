// One call on one stream of HTTP/2: messages as they come, answers at the pace at which the client reads them, one status at the end.
import { once } from "node:events";
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { IngotError } from "../../../core/index.ts";
import { ClientGone } from "../../body.ts";
import { type ContentEncoding, decompressed } from "../../content_encoding.ts";
import type { HeldMemory } from "../../request_memory.ts";
import { BodyClock } from "../../slow_body.ts";
import { stalledMs } from "../../stalled.ts";
import { encodedMessage, messageEncoding, timeoutOf } from "./headers.ts";
import { framed, MessageFrames } from "./message_frames.ts";
import { WireError } from "./wire_error.ts";

export interface GrpcStatus {
  readonly code: number;
  readonly message: string;
}

const clock = new BodyClock();
const longestTimer = 2 ** 31 - 1;
const accepted = { "grpc-accept-encoding": "identity,deflate,gzip" };
const NO_ERROR = 0;
const CANCEL = 8;

export class GrpcCall {
  /** On the clock of `performance.now()`; Infinity: there is no hurry. */
  readonly deadline: number;
  readonly #headers: IncomingHttpHeaders;
  readonly #stream: ServerHttp2Stream;
  readonly #encoding: ContentEncoding | null;
  readonly #limit: number;
  readonly #memory: HeldMemory;
  readonly #fail: (error: IngotError) => void;
  #timer: NodeJS.Timeout | null = null;
  #isOver = false;

  /**
   * @param limit bytes of one message, as it comes and decompressed
   * @param fail told of a message that comes too slowly, and of the client's deadline when it passes before the call is over
   * @throws WireError for headers that say nothing that is known
   */
  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    limit: number,
    memory: HeldMemory,
    fail: (error: IngotError) => void,
  ) {
    this.#stream = stream;
    this.#headers = headers;
    this.#limit = limit;
    this.#memory = memory;
    this.#fail = fail;
    this.#encoding = messageEncoding(headers["grpc-encoding"]);
    const timeout = timeoutOf(headers["grpc-timeout"]);
    this.deadline = timeout === Infinity ? Infinity : performance.now() + timeout;
    if (timeout <= longestTimer) this.#timer = setTimeout(() => fail(late()), timeout);
    stream.once("close", () => {
      this.#isOver = true;
      if (this.#timer) clearTimeout(this.#timer);
    });
  }

  /** Nobody waits for an answer any more. */
  get isGone(): boolean {
    return this.#isOver || this.#stream.destroyed || this.#stream.aborted;
  }

  /** A header by its lower-case name. */
  header(name: string): string | undefined {
    const value = this.#headers[name];
    return typeof value === "string" ? value : value?.[0];
  }

  onGone(listener: () => void): void {
    if (this.isGone) listener();
    else this.#stream.once("close", listener);
  }

  /**
   * The messages, decompressed, each once it is complete; reading waits for whoever takes them.
   * @throws IngotError BODY_TOO_LARGE, REQUEST_MALFORMED, REQUEST_TIMEOUT, OVERLOADED; WireError; ClientGone
   */
  async *messages(): AsyncGenerator<Buffer> {
    const frames = new MessageFrames(this.#limit);
    const tooSlow = () =>
      this.#fail(
        new IngotError("REQUEST_TIMEOUT", {
          what: `the message comes too slowly: ${frames.held} bytes so far`,
          where: "gRPC message",
          fix: "send it in one go",
        }),
      );
    let arriving: ReturnType<BodyClock["watch"]> | null = clock.watch(tooSlow);
    const arrived = () => {
      if (arriving) clock.forget(arriving);
      arriving = null;
    };
    let kept = 0;
    try {
      for await (const chunk of this.#stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        const messages = frames.push(chunk);
        this.#memory.take(frames.held - kept);
        kept = frames.held;
        if (messages.length > 0) arrived();
        for (const { isCompressed, bytes } of messages) yield isCompressed ? await this.#expanded(bytes) : bytes;
        if (frames.held === 0) continue;
        arriving ??= clock.watch(tooSlow);
        arriving.received = frames.held;
      }
      if (this.isGone) throw new ClientGone("the client left");
      frames.end();
    } catch (error) {
      if (error instanceof IngotError || error instanceof WireError) throw error;
      throw new ClientGone("the client left");
    } finally {
      arrived();
      this.#memory.take(-kept);
    }
  }

  #expanded(bytes: Buffer): Promise<Buffer> {
    if (this.#encoding !== null) return decompressed(bytes, this.#encoding, this.#limit);
    throw new WireError("INTERNAL", "a message says that it is compressed, and no header grpc-encoding says how");
  }

  /** Sends a message, after the headers where it is the first. @returns once the client has room for more, or left */
  async send(message: Uint8Array, headers: OutgoingHttpHeaders): Promise<void> {
    const stream = this.#stream;
    if (this.isGone) return;
    if (!stream.headersSent)
      stream.respond(
        { ":status": 200, "content-type": "application/grpc+proto", ...accepted, ...headers },
        { waitForTrailers: true },
      );
    if (stream.write(framed(message))) return;
    this.#watchPace();
    await Promise.race([once(stream, "drain"), once(stream, "close")]).catch(() => {});
    stream.setTimeout(0);
  }

  /** Ends the call. The first status counts. */
  end({ code, message }: GrpcStatus, headers: OutgoingHttpHeaders): void {
    const stream = this.#stream;
    if (this.isGone) return;
    this.#isOver = true;
    if (this.#timer) clearTimeout(this.#timer);
    const trailers = {
      "grpc-status": String(code),
      ...(message === "" ? {} : { "grpc-message": encodedMessage(message) }),
    };
    if (stream.headersSent) {
      stream.once("wantTrailers", () => stream.sendTrailers(trailers));
      stream.end();
    } else
      stream.respond(
        { ":status": 200, "content-type": "application/grpc+proto", ...accepted, ...headers, ...trailers },
        { endStream: true },
      );
    this.#watchPace();
    if (stream.readableEnded) return;
    // What the client still sends is of no use any more, and it is told so.
    stream.resume();
    stream.once("finish", () => {
      if (!stream.readableEnded) stream.close(NO_ERROR);
    });
  }

  /** A client that does not read what it asked for would hold it here for as long as it likes. */
  #watchPace(): void {
    this.#stream.setTimeout(stalledMs, () => this.#stream.close(CANCEL));
  }
}

function late(): IngotError {
  return new IngotError("DEADLINE_EXCEEDED", { what: "the client's deadline passed before the answer was there" });
}
