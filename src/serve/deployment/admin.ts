// The admin API: what is served, and changing it. On a port of its own, with a token of its own.
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { counted, IngotError, quoted } from "../../core/index.ts";
import { readJson, writeJson } from "../../runtime/index.ts";
import { ClientGone, readBody, textOf } from "../body.ts";
import { createServer } from "../listener/node_http.ts";
import type { LiveDeployment } from "./live_deployment.ts";

export interface AdminOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What callers send as `Authorization: Bearer …`; at least 16 characters. */
  readonly token: string;
}

export interface RunningAdmin {
  readonly url: string;
  close(): Promise<void>;
}

type Handle = (deployment: LiveDeployment, body: Buffer, parameters: readonly string[]) => Promise<unknown>;

interface AdminRoute {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: RegExp;
  readonly shown: string;
  readonly handle: Handle;
}

const largestBody = 1 << 20;
const shortestToken = 16;

/** Every change answers with the state after it. */
export const adminRoutes: readonly AdminRoute[] = [
  { method: "GET", path: /^\/deployment$/, shown: "/deployment", handle: async () => null },
  {
    method: "PUT",
    path: /^\/deployment$/,
    shown: "/deployment",
    handle: async (deployment, body) => {
      const { parseDeployment } = await import("./deployment_file.ts");
      return deployment.apply(parseDeployment(body, "request body"), "admin: apply");
    },
  },
  {
    method: "POST",
    path: /^\/deployment\/rollback$/,
    shown: "/deployment/rollback",
    handle: (deployment) => deployment.rollback("admin: rollback"),
  },
  {
    method: "PUT",
    path: /^\/models\/([^/]+)\/weights$/,
    shown: "/models/{model}/weights",
    handle: (deployment, body, [model]) => deployment.setWeights(model!, jsonObject(body) as Record<string, number>),
  },
  {
    method: "POST",
    path: /^\/models\/([^/]+)\/load$/,
    shown: "/models/{model}/load",
    handle: (deployment, body, [model]) => deployment.load(packageOf(body, model!), model),
  },
  {
    method: "POST",
    path: /^\/models\/([^/]+)\/unload$/,
    shown: "/models/{model}/unload",
    handle: (deployment, _body, [model]) => deployment.unload(model!),
  },
];

/** @throws IngotError USAGE */
export function checkTokenLength(token: string): void {
  if (token.length >= shortestToken) return;
  throw new IngotError("USAGE", {
    what: `the token of the admin API is ${counted(token.length, "character")} long, at least ${shortestToken} are needed`,
    fix: "make one with `openssl rand -hex 24`",
  });
}

/** @throws IngotError USAGE for a token that is too short, ADDRESS_IN_USE */
export async function startAdmin(deployment: LiveDeployment, options: AdminOptions): Promise<RunningAdmin> {
  const { host = "127.0.0.1", port, token } = options;
  checkTokenLength(token);
  const wanted = fingerprint(token);
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 30_000 }, (request, response) => {
    void answer(deployment, wanted, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        new IngotError("ADDRESS_IN_USE", {
          what: `cannot listen (${cause.code})`,
          where: `${host}:${port}`,
          fix: "choose another --admin-port",
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  deployment: LiveDeployment,
  wanted: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    checkToken(request, wanted);
    const { handle, parameters } = routeOf(request);
    await handle(deployment, await readBody(request, largestBody), parameters);
    send(response, 200, await deployment.report());
  } catch (error) {
    if (error instanceof ClientGone) return;
    const known =
      error instanceof IngotError ? error : new IngotError("INTERNAL", { what: String(error), cause: error });
    if (known.httpStatus === 401) response.setHeader("WWW-Authenticate", "Bearer");
    if (!request.complete) response.setHeader("Connection", "close");
    send(response, known.httpStatus, { error: known.toJSON() });
  }
}

/** Compares digests: equal lengths, whatever was sent. */
function checkToken(request: IncomingMessage, wanted: Buffer): void {
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
  if (timingSafeEqual(fingerprint(given), wanted)) return;
  throw new IngotError("UNAUTHENTICATED", {
    what: given === "" ? "a token is needed" : "this token is not the right one",
    fix: "send the token of the admin API as `Authorization: Bearer …`",
  });
}

function fingerprint(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function routeOf(request: IncomingMessage): { handle: Handle; parameters: string[] } {
  const [path] = (request.url ?? "/").split("?") as [string];
  const there = adminRoutes.flatMap((route) => {
    const match = route.path.exec(path);
    return match ? [{ route, parts: match.slice(1) }] : [];
  });
  const found = there.find(({ route }) => route.method === request.method);
  if (found) return { handle: found.route.handle, parameters: found.parts.map(decoded) };
  const routes = adminRoutes.map(({ method, shown }) => `${method} ${shown}`).join(", ");
  throw there.length > 0
    ? new IngotError("METHOD_NOT_ALLOWED", {
        what: `${request.method} is not possible here`,
        where: path,
        fix: `there are ${routes}`,
      })
    : new IngotError("ROUTE_UNKNOWN", { what: `nothing is at ${quoted(path, 120)}`, fix: `there are ${routes}` });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new IngotError("INPUT_INVALID", { what: `${quoted(part)} is not valid percent-encoding`, cause });
  }
}

function jsonObject(body: Buffer): Record<string, unknown> {
  const value = readJson(textOf(body), "request body");
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new IngotError("INPUT_INVALID", {
    what: `expected a JSON object, got ${quoted(value)}`,
    where: "request body",
  });
}

/** An empty body loads the newest version. */
function packageOf(body: Buffer, model: string): string {
  if (body.length === 0) return model;
  const { package: reference, ...strangers } = jsonObject(body);
  const [stranger] = Object.keys(strangers);
  if (stranger !== undefined)
    throw new IngotError("INPUT_INVALID", {
      what: `there is no member ${quoted(stranger)}`,
      where: "request body",
      fix: 'send {"package": "name:version"}, or no body for the newest version',
    });
  if (reference === undefined) return model;
  if (typeof reference === "string") return reference;
  throw new IngotError("INPUT_INVALID", { what: `expected a reference, got ${quoted(reference)}`, where: "package" });
}

function send(response: ServerResponse, status: number, value: unknown): void {
  if (response.destroyed) return;
  const body = writeJson(value);
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Content-Length": Buffer.byteLength(body),
  });
  response.end(body);
}
