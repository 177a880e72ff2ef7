// The HTTP server: accepts, routes, answers, stops without dropping anybody.
import { createServer, type Server } from "node:http";
import { type AddressInfo, Server as NetServer } from "node:net";
import { IngotError } from "../core/index.ts";
import { type AnsweringOptions, answering } from "./answering.ts";
import { answerBrokenRequests } from "./broken_request.ts";
import type { Observer } from "./finished_request.ts";
import type { RunningGrpc } from "./grpc/server.ts";
import type { LoadedModel } from "./served_model.ts";
import { Serving } from "./serving.ts";
import { builtPages, WebAssets } from "./web_assets.ts";

export interface ServerOptions extends AnsweringOptions {
  /** The first answers `/predict` and the playground. Their predictors are closed by the server. */
  readonly models?: readonly LoadedModel[];
  /** Called before the server listens, to bring what it serves (`Serving.replace`). Together with `models`, at least one. */
  readonly prepare?: (serving: Serving) => Promise<void>;
  /** Default 127.0.0.1: listening on the network is the caller's decision. */
  readonly host?: string;
  /** Default 8080; 0 takes a free one. */
  readonly port?: number;
  /** Port of the gRPC server on the same host; 0 takes a free one. Default: none. */
  readonly grpcPort?: number;
  /** Version of Ingot, for metadata. */
  readonly version?: string;
  /** Largest request body in bytes. Default 32 MiB. */
  readonly bodyLimit?: number;
  /** Predictions under way at once before 503. Default 1024. */
  readonly maxInFlight?: number;
  /** How long `close` goes on accepting with `/readyz` at 503, for load balancers to notice. Default 0. */
  readonly drainDelayMs?: number;
  /** How long `close` waits for requests in flight before it cuts them off. Default 30 s. */
  readonly closeTimeoutMs?: number;
  /** Milliseconds that an answer may take: requests then wait for company as long as answers stay below. Default: nobody waits. */
  readonly latencyTargetMs?: number;
  /** What was measured and decided, one JSON line each. Default: none. */
  readonly eventLog?: (line: string) => void;
  /** Told of every request once it is over. */
  readonly observers?: readonly Observer[];
  /** Folder of the built pages. Default: found beside this code. */
  readonly webFolder?: string | null;
}

export interface RunningServer {
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Null where none was asked for. */
  readonly grpcPort: number | null;
  /** What answers: whoever changes it changes what is served. */
  readonly serving: Serving;
  /** Stops accepting, finishes what is in flight, closes predictors. Calling again waits for the same end. */
  close(): Promise<void>;
}

/**
 * Listens and answers until closed.
 * @throws IngotError ADDRESS_IN_USE, USAGE
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const serving = new Serving(options.models ?? [], {
    version: options.version ?? "0.0.0",
    bodyLimit: options.bodyLimit ?? 32 * 2 ** 20,
    engine: { maxInFlight: options.maxInFlight ?? 1024, latencyTargetMs: options.latencyTargetMs ?? null },
    eventLog: options.eventLog,
    web: new WebAssets(options.webFolder === undefined ? builtPages() : options.webFolder),
  });
  for (const observer of options.observers ?? []) serving.observe(observer);
  await options.prepare?.(serving);
  if (serving.models.length === 0) throw new IngotError("USAGE", { what: "there is no model to serve" });
  const answer = answering(serving, options);
  // Slow clients: 10 s for the headers, 2 min for the whole request.
  const timeouts = { headersTimeout: 10_000, requestTimeout: 120_000, keepAliveTimeout: 65_000 };
  const server = createServer({ ...timeouts, connectionsCheckingInterval: 2_000 }, (request, response) => {
    void answer(request, response);
  });
  answerBrokenRequests(server, serving);
  const { port, host } = await listen(server, options.port ?? 8080, options.host ?? "127.0.0.1");

  serving.open();

  let grpc: RunningGrpc | null = null;
  const stop = async () => {
    serving.draining = true;
    if (options.drainDelayMs) await new Promise((resolve) => setTimeout(resolve, options.drainDelayMs));
    const timeoutMs = options.closeTimeoutMs ?? 30_000;
    await Promise.all([stopListening(server, timeoutMs), grpc?.close(timeoutMs)]);
    await serving.close();
  };
  if (options.grpcPort !== undefined) {
    try {
      grpc = await listenForGrpc(serving, options.grpcPort, options);
    } catch (error) {
      await stop();
      throw error;
    }
  }
  let closing: Promise<void> | null = null;
  return {
    url: `http://${host}:${port}`,
    port,
    grpcPort: grpc?.port ?? null,
    serving,
    close() {
      closing ??= stop();
      return closing;
    },
  };
}

/** Its library is loaded after HTTP answers already, and only where gRPC is asked for. */
async function listenForGrpc(serving: Serving, port: number, options: ServerOptions): Promise<RunningGrpc> {
  const { startGrpc } = await import("./grpc/server.ts");
  const errorLog = options.errorLog ?? ((line: string) => process.stderr.write(`${line}\n`));
  return startGrpc(serving, { host: options.host ?? "127.0.0.1", port, errorLog });
}

async function listen(server: Server, port: number, host: string): Promise<{ port: number; host: string }> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(cannotListen(cause, host, port)));
    server.listen(port, host, () => resolve());
  });
  const address = server.address() as AddressInfo;
  // "Every address" is none that a client could dial.
  const dialled = { "0.0.0.0": "127.0.0.1", "::": "::1" }[address.address] ?? address.address;
  return { port: address.port, host: dialled.includes(":") ? `[${dialled}]` : dialled };
}

/** Every connection is answered and closed; those that have not said anything yet get a moment to. */
async function stopListening(server: Server, timeoutMs: number): Promise<void> {
  // http.Server's own close() would at once reset connections whose request is still on its way.
  const ended = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
  const closeSilent = () => server.close(() => {});
  const timers = [
    setTimeout(closeSilent, silentConnectionMs),
    setTimeout(() => server.closeAllConnections(), timeoutMs),
  ];
  await ended;
  for (const timer of timers) clearTimeout(timer);
  closeSilent();
}

const silentConnectionMs = 100;

function cannotListen(cause: NodeJS.ErrnoException, host: string, port: number): unknown {
  const isHost = cause.code === "EADDRNOTAVAIL" || cause.syscall === "getaddrinfo";
  if (!isHost && cause.code !== "EADDRINUSE" && cause.code !== "EACCES") return cause;
  return new IngotError("ADDRESS_IN_USE", {
    what: cause.code === "EADDRINUSE" ? `port ${port} is taken` : `cannot listen (${cause.code})`,
    where: `${host}:${port}`,
    fix: isHost
      ? "give an address of this machine as --host: 127.0.0.1 for this machine only, 0.0.0.0 for all"
      : "choose another with --port, or --port 0 for any free one",
    cause,
  });
}
