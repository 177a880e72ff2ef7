// The gRPC server: services from their tables over streams of HTTP/2; errors become status codes, and nothing else of them gets out.
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import { IngotError, quoted } from "../../core/index.ts";
import { ClientGone } from "../body.ts";
import { messageOf } from "../dialects/dialect.ts";
import { Http2Connections } from "../listener/http2_connections.ts";
import { HeldMemory } from "../request_memory.ts";
import type { Serving } from "../serving.ts";
import { GrpcExchange } from "./exchange.ts";
import { healthService } from "./health_service.ts";
import { inferenceService } from "./inference_service.ts";
import { reflectionServices } from "./reflection_service.ts";
import { grpcStatus, type Method, type StreamMethod, type UnaryMethod, type WatchMethod } from "./service.ts";
import { GrpcCall, type GrpcStatus } from "./wire/grpc_call.ts";
import { isGrpc } from "./wire/headers.ts";
import { WireError } from "./wire/wire_error.ts";

/** Answers of one stream that may be under way at once; a client that sends faster waits. */
const mostPerStream = 32;
/** Clients keep a connection for when they need it, so this is long. */
const idleMs = 3_600_000;
const ok: GrpcStatus = { code: 0, message: "" };

/** Answers on connections that it is given, decrypted. */
export class GrpcServer {
  readonly #serving: Serving;
  readonly #errorLog: (line: string) => void;
  readonly #methods = new Map<string, Method>();
  readonly #connections = new Http2Connections(idleMs);

  constructor(serving: Serving, errorLog: (line: string) => void) {
    this.#serving = serving;
    this.#errorLog = errorLog;
    const inference = inferenceService(serving);
    const health = healthService(serving, [inference.name]);
    const services = [inference, health];
    for (const { name, methods } of [...services, ...reflectionServices(services)])
      for (const method of methods) this.#methods.set(`/${name}/${method.name}`, method);
    this.#connections.server.on("stream", (stream, headers) => void this.#answer(stream, headers));
  }

  take(socket: Duplex): void {
    this.#connections.take(socket);
  }

  /** Lets calls under way finish for at most `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.#connections.destroy(), timeoutMs);
    await this.#connections.close();
    clearTimeout(timer);
  }

  async #answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    // Whatever becomes of a stream, its client sees it; a stream that was reset before it is looked at takes no answer.
    stream.on("error", () => {});
    if (stream.destroyed) return;
    if (headers[":method"] !== "POST" || !isGrpc(headers)) {
      stream.respond({ ":status": headers[":method"] === "POST" ? 415 : 405 }, { endStream: true });
      stream.close(0);
      return;
    }
    const memory = new HeldMemory(this.#serving.memory);
    const path = headers[":path"] ?? "";
    let turn: Turn | null = null;
    const call = this.#opened(stream, headers, memory, (error) => turn?.fail(error));
    if (!call) return;
    turn = new Turn(path, call, this.#serving, this.#errorLog);
    try {
      const method = this.#methods.get(path);
      if (!method)
        throw new WireError(
          "UNIMPLEMENTED",
          `there is no method ${quoted(path, 120)}; reflection lists those that are`,
        );
      await turn.take(method);
    } catch (error) {
      turn.fail(error);
    } finally {
      memory.free();
    }
  }

  /** Null where the headers make no sense, which the client was told. */
  #opened(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    memory: HeldMemory,
    fail: (error: IngotError) => void,
  ): GrpcCall | null {
    try {
      return new GrpcCall(stream, headers, this.#serving.options.bodyLimit, memory, fail);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      const bare = { ":path": headers[":path"] };
      new GrpcCall(stream, bare, 0, memory, fail).end({ code: error.code, message: error.message }, {});
      return null;
    }
  }
}

/** What every call goes through, whatever its method. */
class Turn {
  readonly #path: string;
  readonly #call: GrpcCall;
  readonly #serving: Serving;
  readonly #errorLog: (line: string) => void;

  constructor(path: string, call: GrpcCall, serving: Serving, errorLog: (line: string) => void) {
    this.#path = path;
    this.#call = call;
    this.#serving = serving;
    this.#errorLog = errorLog;
  }

  take(method: Method): Promise<void> {
    if (method.kind === "unary") return this.#unary(method);
    return method.kind === "stream" ? this.#stream(method) : this.#watch(method);
  }

  async #unary(method: UnaryMethod): Promise<void> {
    const { body, headers } = await this.#computed(method, await this.#only(method));
    await this.#call.send(body, headers);
    this.#call.end(ok, {});
  }

  /** Messages are computed as they come and answered in their order; a client that does not read its answers is not computed for. */
  async #stream(method: StreamMethod): Promise<void> {
    const waiting: Promise<void>[] = [];
    let last: Promise<void> = Promise.resolve();
    for await (const bytes of this.#call.messages()) {
      const answer = this.#computed(method, bytes);
      last = Promise.all([answer, last]).then(([{ body, headers }]) => this.#call.send(body, headers));
      // Whoever waits below or at the end hears of a failure; until then it must not count as unheard.
      last.catch(() => {});
      waiting.push(last);
      if (waiting.length >= mostPerStream) await waiting.shift();
    }
    await last;
    this.#call.end(ok, {});
  }

  async #watch(method: WatchMethod): Promise<void> {
    if (!method.isOpen) this.#serving.authorize(this.#call);
    const request = method.request.decode(await this.#only(method));
    const stop = method.watch(request, (response) => void this.#call.send(method.response.encode(response), {}));
    this.#call.onGone(stop);
  }

  /** The one message of a call that has no more. */
  async #only({ name }: Method): Promise<Buffer> {
    let found: Buffer | null = null;
    for await (const message of this.#call.messages()) {
      if (found) throw new WireError("UNIMPLEMENTED", `${name} takes one message, and a second one came`);
      found = message;
    }
    if (found) return found;
    throw new WireError("UNIMPLEMENTED", `${name} takes one message, and none came`);
  }

  async #computed(method: UnaryMethod | StreamMethod, bytes: Buffer) {
    const exchange = new GrpcExchange(this.#call, this.#serving);
    let status = 500;
    try {
      if (!method.isOpen) this.#serving.authorize(exchange);
      const request = method.request.decode(bytes);
      const body = method.response.encode(await method.answer(request, exchange));
      status = exchange.errorCode === null ? 200 : 400;
      return { body, headers: headersOf(exchange) };
    } catch (error) {
      if (error instanceof ClientGone) throw error;
      const known = this.#known(error, exchange);
      status = known.httpStatus;
      throw new Refused(known, exchange);
    } finally {
      exchange.finish(this.#path, status);
    }
  }

  /** Ends the call with what went wrong; nobody hears of it where the client left. */
  fail(error: unknown): void {
    if (error instanceof ClientGone) return;
    if (error instanceof WireError) {
      this.#call.end({ code: error.code, message: error.message }, {});
      return;
    }
    const { status, headers } = error instanceof Refused ? error : this.#refused(error);
    this.#call.end(status, headers);
  }

  /** What went wrong before there was a message. */
  #refused(error: unknown): Refused {
    const exchange = new GrpcExchange(this.#call, this.#serving);
    return new Refused(this.#known(error, exchange), exchange);
  }

  #known(error: unknown, exchange: GrpcExchange): IngotError {
    const known =
      error instanceof IngotError
        ? error
        : new IngotError("INTERNAL", {
            what: "the server failed to answer",
            fix: "report the request id to whoever runs this server",
            cause: error,
          });
    exchange.errorCode = known.code;
    if (known.httpStatus === 500) this.#errorLog(this.#line(known, exchange));
    return known;
  }

  #line(error: IngotError, exchange: GrpcExchange): string {
    const { cause } = error;
    return JSON.stringify({
      time: new Date().toISOString(),
      level: "error",
      requestId: exchange.id,
      method: "gRPC",
      path: this.#path,
      package: exchange.model?.digest,
      ...error.toJSON(),
      ...(cause === undefined
        ? {}
        : { cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) }),
    });
  }
}

/** An error that has its request. */
class Refused extends Error {
  readonly status: GrpcStatus;
  readonly headers: Record<string, string>;

  constructor(error: IngotError, exchange: GrpcExchange) {
    super(error.message);
    this.status = { code: grpcStatus(error), message: messageOf(error, exchange.id) };
    this.headers = headersOf(exchange);
  }
}

function headersOf({ id, model }: GrpcExchange): Record<string, string> {
  return {
    "ingot-request-id": id,
    ...(model ? { "ingot-package": model.digest, "ingot-variant": model.variant } : {}),
  };
}
