// The HTTP server: accepts, routes, answers, stops without dropping anybody.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer } from "node:net";
import { IngotError } from "../core/index.ts";
import { writeJson } from "../runtime/index.ts";
import { ClientGone } from "./body.ts";
import { answerBrokenRequests } from "./broken_request.ts";
import type { Dialect } from "./dialects/dialect.ts";
import { dialects } from "./dialects/index.ts";
import { Exchange } from "./exchange.ts";
import { Router } from "./router.ts";
import type { ServedModel } from "./served_model.ts";
import { Serving } from "./serving.ts";
import { builtPages, WebAssets } from "./web_assets.ts";

export interface ServerOptions {
  /** At least one; the first answers `/predict` and the playground. Their predictors are closed by the server. */
  readonly models: readonly ServedModel[];
  /** Default 127.0.0.1: listening on the network is the caller's decision. */
  readonly host?: string;
  /** Default 8080; 0 takes a free one. */
  readonly port?: number;
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
  /** One JSON line per answered request. Default: none. */
  readonly accessLog?: (line: string) => void;
  /** One JSON line per internal error. Default: stderr. */
  readonly errorLog?: (line: string) => void;
  /** Folder of the built pages. Default: found beside this code. */
  readonly webFolder?: string | null;
}

export interface RunningServer {
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Stops accepting, finishes what is in flight, closes predictors. Calling again waits for the same end. */
  close(): Promise<void>;
}

/**
 * Listens and answers until closed.
 * @throws IngotError ADDRESS_IN_USE, USAGE
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  if (options.models.length === 0) throw new IngotError("USAGE", { what: "there is no model to serve" });
  const serving = new Serving(options.models, {
    version: options.version ?? "0.0.0",
    bodyLimit: options.bodyLimit ?? 32 * 2 ** 20,
    maxInFlight: options.maxInFlight ?? 1024,
    web: new WebAssets(options.webFolder === undefined ? builtPages() : options.webFolder),
  });
  const router = new Router(dialects.flatMap((dialect) => dialect.routes(serving)));
  const answer = answering(serving, router, options);
  // Slow clients: 10 s for the headers, 2 min for the whole request.
  const timeouts = { headersTimeout: 10_000, requestTimeout: 120_000, keepAliveTimeout: 65_000 };
  const server = createServer({ ...timeouts, connectionsCheckingInterval: 2_000 }, (request, response) => {
    void answer(request, response);
  });
  answerBrokenRequests(server, serving.first);
  const { port, host } = await listen(server, options.port ?? 8080, options.host ?? "127.0.0.1");

  let closing: Promise<void> | null = null;
  const stop = async () => {
    serving.draining = true;
    if (options.drainDelayMs) await new Promise((resolve) => setTimeout(resolve, options.drainDelayMs));
    await stopListening(server, options.closeTimeoutMs ?? 30_000);
    await serving.close();
  };
  return {
    url: `http://${host}:${port}`,
    port,
    close() {
      closing ??= stop();
      return closing;
    },
  };
}

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function answering(serving: Serving, router: Router, options: ServerOptions): Answer {
  const errorLog = options.errorLog ?? ((line: string) => process.stderr.write(`${line}\n`));
  const { accessLog } = options;
  return async (request, response) => {
    const exchange = new Exchange(request, response, serving);
    if (accessLog) logWhenDone(exchange, accessLog);
    try {
      if (request.method === "OPTIONS") {
        const allow = router.allow(exchange.path);
        if (allow !== null) {
          exchange.send(204, null, "", { Allow: allow });
          return;
        }
      }
      const { route, parameters } = router.match(request.method ?? "GET", exchange.path);
      await route.handle(exchange, parameters);
    } catch (error) {
      if (error instanceof ClientGone) return;
      const known = error instanceof IngotError ? error : internal(error);
      if (known.httpStatus === 500) errorLog(errorLine(exchange, known));
      sendError(exchange, known, router);
    }
  };
}

function sendError(exchange: Exchange, error: IngotError, router: Router): void {
  const status = error.httpStatus;
  const text = writeJson(dialectAt(exchange.path).errorBody(error, exchange.id));
  const allow = status === 405 ? router.allow(exchange.path) : null;
  const headers = { ...(allow === null ? {} : { Allow: allow }), ...(status === 503 ? { "Retry-After": "1" } : {}) };
  if (!exchange.request.complete && exchange.request.method === "POST") exchange.refuse(status, text, headers);
  else exchange.json(status, text, headers);
}

/** The dialect whose prefix is the longest that fits. */
function dialectAt(path: string): Dialect {
  const around = dialects.filter(({ prefix }) => prefix === "/" || path === prefix || path.startsWith(`${prefix}/`));
  return around.reduce((best, dialect) => (dialect.prefix.length > best.prefix.length ? dialect : best));
}

/** What went wrong inside is for the log; the caller gets the request id to quote. */
function internal(cause: unknown): IngotError {
  return new IngotError("INTERNAL", {
    what: "the server failed to answer",
    fix: "report the request id to whoever runs this server",
    cause,
  });
}

function errorLine(exchange: Exchange, error: IngotError): string {
  const { cause } = error;
  return JSON.stringify({
    time: new Date().toISOString(),
    level: "error",
    requestId: exchange.id,
    method: exchange.request.method,
    path: exchange.path,
    package: exchange.model.digest,
    ...error.toJSON(),
    ...(cause === undefined ? {} : { cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) }),
  });
}

function logWhenDone({ request, response, path, id }: Exchange, log: (line: string) => void): void {
  const start = performance.now();
  response.once("close", () => {
    const ms = Number((performance.now() - start).toFixed(3));
    const entry = { time: new Date().toISOString(), requestId: id, method: request.method, path, ms };
    log(JSON.stringify({ ...entry, status: response.statusCode, finished: response.writableFinished }));
  });
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
