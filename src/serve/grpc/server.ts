// The gRPC server: services from their tables over grpc-js; errors become status codes, and nothing else of them gets out.
import type { Duplex } from "node:stream";
import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  logVerbosity,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  setLogVerbosity,
} from "@grpc/grpc-js";
import { IngotError } from "../../core/index.ts";
import { messageOf } from "../dialects/dialect.ts";
import type { Serving } from "../serving.ts";
import { GrpcExchange, type Wire } from "./exchange.ts";
import { healthService } from "./health_service.ts";
import { inferenceService } from "./inference_service.ts";
import { reflectionServices } from "./reflection_service.ts";
import { grpcStatus, type Service, type StreamMethod, type UnaryMethod, type WatchMethod } from "./service.ts";

/** Answers of one stream that may be under way at once; a client that sends faster waits. */
const mostPerStream = 32;

/** Answers on connections that it is given, decrypted. */
export class GrpcServer {
  readonly #server: Server;
  readonly #connections: ReturnType<Server["createConnectionInjector"]>;

  constructor(serving: Serving, errorLog: (line: string) => void) {
    // What goes wrong is thrown or logged here; the library would write to stderr beside that.
    setLogVerbosity(logVerbosity.NONE);
    this.#server = new Server({
      "grpc.max_receive_message_length": serving.options.bodyLimit,
      "grpc.max_send_message_length": -1,
    });
    const inference = inferenceService(serving);
    const health = healthService(serving, [inference.name]);
    const services = [inference, health];
    for (const service of [...services, ...reflectionServices(services)])
      addService(this.#server, service, serving, errorLog);
    this.#connections = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  take(socket: Duplex): void {
    this.#connections.injectConnection(socket);
  }

  /** Lets calls under way finish for at most `timeoutMs`. */
  close(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#server.forceShutdown(), timeoutMs);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function addService(server: Server, service: Service, serving: Serving, errorLog: (line: string) => void): void {
  const definition: Record<string, MethodDefinition<Buffer, Buffer>> = {};
  const handlers: Record<string, unknown> = {};
  for (const method of service.methods) {
    const path = `/${service.name}/${method.name}`;
    definition[method.name] = {
      path,
      originalName: method.name,
      requestStream: method.kind === "stream",
      responseStream: method.kind !== "unary",
      // Bytes go through as they are: what is wrong with them is for the handler to say.
      requestDeserialize: (bytes) => bytes,
      requestSerialize: (bytes) => bytes,
      responseDeserialize: (bytes) => bytes,
      responseSerialize: (bytes) => bytes,
    };
    const turn = new Turn(path, serving, errorLog);
    handlers[method.name] =
      method.kind === "unary"
        ? unaryHandler(method, turn)
        : method.kind === "stream"
          ? streamHandler(method, turn)
          : watchHandler(method, turn);
  }
  server.addService(definition, handlers as Parameters<Server["addService"]>[1]);
}

/** What every request goes through, whatever its method. */
class Turn {
  readonly #path: string;
  readonly #serving: Serving;
  readonly #errorLog: (line: string) => void;

  constructor(path: string, serving: Serving, errorLog: (line: string) => void) {
    this.#path = path;
    this.#serving = serving;
    this.#errorLog = errorLog;
  }

  /** @returns the encoded answer; @throws the status to send */
  async answer(
    method: UnaryMethod | StreamMethod,
    bytes: Buffer,
    wire: Wire,
  ): Promise<{ readonly body: Buffer; readonly metadata: Metadata }> {
    const exchange = new GrpcExchange(wire, this.#serving);
    let status = 500;
    try {
      if (!method.isOpen) this.#serving.authorize(exchange);
      const request = method.request.decode(bytes);
      const encoded = method.response.encode(await method.answer(request, exchange));
      status = exchange.errorCode === null ? 200 : 400;
      return {
        body: Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength),
        metadata: metadataOf(exchange),
      };
    } catch (error) {
      const known = this.known(error, exchange);
      status = known.httpStatus;
      throw statusOf(known, exchange);
    } finally {
      exchange.finish(this.#path, status);
    }
  }

  known(error: unknown, exchange: GrpcExchange): IngotError {
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

  exchange(wire: Wire): GrpcExchange {
    return new GrpcExchange(wire, this.#serving);
  }
}

function statusOf(error: IngotError, exchange: GrpcExchange) {
  return { code: grpcStatus(error), details: messageOf(error, exchange.id), metadata: metadataOf(exchange) };
}

function metadataOf({ id, model }: GrpcExchange): Metadata {
  const metadata = new Metadata();
  metadata.set("ingot-request-id", id);
  if (model) {
    metadata.set("ingot-package", model.digest);
    metadata.set("ingot-variant", model.variant);
  }
  return metadata;
}

function unaryHandler(method: UnaryMethod, turn: Turn): handleUnaryCall<Buffer, Buffer> {
  return (call, callback) => {
    turn.answer(method, call.request, call).then(
      ({ body, metadata }) => {
        call.sendMetadata(metadata);
        callback(null, body);
      },
      (status) => callback(status),
    );
  };
}

function streamHandler(method: StreamMethod, turn: Turn): handleBidiStreamingCall<Buffer, Buffer> {
  return (call) => {
    void answerStream(method, turn, call);
  };
}

/** Messages are computed as they come and answered in their order. */
async function answerStream(method: StreamMethod, turn: Turn, call: ServerDuplexStream<Buffer, Buffer>): Promise<void> {
  const waiting: Promise<void>[] = [];
  let last: Promise<void> = Promise.resolve();
  try {
    for await (const bytes of call as AsyncIterable<Buffer>) {
      const answer = turn.answer(method, bytes, call);
      last = Promise.all([answer, last]).then(([{ body }]) => {
        call.write(body);
      });
      // Whoever waits below or at the end hears of a failure; until then it must not count as unheard.
      last.catch(() => {});
      waiting.push(last);
      if (waiting.length >= mostPerStream) await waiting.shift();
    }
    await last;
    call.end();
  } catch (status) {
    // A client that went away makes reading fail: nobody is left to tell.
    if (!call.cancelled) call.emit("error", status);
  }
}

function watchHandler(method: WatchMethod, turn: Turn): handleServerStreamingCall<Buffer, Buffer> {
  return (call) => {
    const send = (response: object) => {
      call.write(Buffer.from(method.response.encode(response)));
    };
    try {
      const stop = method.watch(method.request.decode(call.request), send);
      call.once("cancelled", stop);
      call.once("close", stop);
    } catch (error) {
      const exchange = turn.exchange(call);
      call.emit("error", statusOf(turn.known(error, exchange), exchange));
    }
  };
}
