// One request from route to answer: found, handled, errors put in the dialect's form, observers told.
import type { IncomingMessage, ServerResponse } from "node:http";
import { IngotError } from "../core/index.ts";
import { writeJson } from "../runtime/index.ts";
import { openRoutes } from "./access/open_routes.ts";
import { ClientGone } from "./body.ts";
import { limitTime } from "./call.ts";
import type { Dialect } from "./dialects/dialect.ts";
import { dialects } from "./dialects/index.ts";
import { Exchange } from "./exchange.ts";
import { checkExpectation } from "./expectations.ts";
import { clientLeft } from "./finished_request.ts";
import { givenTime } from "./http_call.ts";
import { type Route, Router } from "./router.ts";
import type { Serving } from "./serving.ts";

export interface AnsweringOptions {
  /** One JSON line per answered request. Default: none. */
  readonly accessLog?: (line: string) => void;
  /** One JSON line per internal error. Default: stderr. */
  readonly errorLog?: (line: string) => void;
}

/** Answers one request, whatever happens. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function answering(serving: Serving, options: AnsweringOptions): Answer {
  const dialectOf = new Map<Route, Dialect>();
  for (const dialect of dialects) for (const route of dialect.routes(serving)) dialectOf.set(route, dialect);
  const router = new Router([...dialectOf.keys()]);
  const errorLog = options.errorLog ?? ((line: string) => process.stderr.write(`${line}\n`));
  const { accessLog } = options;

  return async (request, response) => {
    const start = performance.now();
    const exchange = new Exchange(request, response, serving);
    if (accessLog) logWhenDone(exchange, accessLog);
    try {
      await handled(exchange, router);
    } catch (error) {
      if (!(error instanceof ClientGone)) {
        const known = error instanceof IngotError ? error : internal(error);
        exchange.errorCode = known.code;
        if (known.httpStatus === 500) errorLog(errorLine(exchange, known));
        sendError(exchange, known, router);
      }
    }
    exchange.release();
    exchange.memory.free();
    if (serving.isObserved) tell(exchange, start);
  };

  function tell(exchange: Exchange, start: number): void {
    const { id, route, errorCode, call } = exchange;
    serving.finished({
      id,
      dialect: route && dialectOf.get(route)!.name,
      route: route?.path ?? null,
      method: exchange.request.method ?? "GET",
      status: exchange.response.headersSent ? exchange.response.statusCode : clientLeft,
      errorCode,
      model: call.answeredBy ?? exchange.asked,
      phases: call.phases,
      rows: call.rows,
      batchSize: call.batchSize,
      ms: performance.now() - start,
      traceparent: exchange.header("traceparent"),
    });
  }
}

async function handled(exchange: Exchange, router: Router): Promise<void> {
  const { request, path } = exchange;
  checkExpectation(request);
  const limit = givenTime(request);
  if (limit !== null) limitTime(exchange.call, limit);
  if (request.method === "OPTIONS") {
    const allow = router.allow(path);
    if (allow !== null) {
      const cors = exchange.cors?.preflight(exchange.header("origin"), allow);
      exchange.send(204, null, "", { Allow: allow, ...cors });
      return;
    }
  }
  const { route, parameters } = router.match(request.method ?? "GET", path);
  exchange.route = route;
  if (!openRoutes.has(route.path)) exchange.authenticate();
  await route.handle(exchange, parameters);
}

function sendError(exchange: Exchange, error: IngotError, router: Router): void {
  const status = error.httpStatus;
  const text = writeJson(dialectAt(exchange.path).errorBody(error, exchange.id));
  const allow = status === 405 ? router.allow(exchange.path) : null;
  const headers = {
    ...(allow === null ? {} : { Allow: allow }),
    ...(status === 503 ? { "Retry-After": "1" } : {}),
    ...(status === 401 ? { "WWW-Authenticate": 'Bearer realm="ingot"' } : {}),
  };
  if (!exchange.request.complete && exchange.request.method !== "GET") exchange.refuse(status, text, headers);
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
    package: exchange.model?.digest,
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
