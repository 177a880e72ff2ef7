// The HTTP server: accepts, routes, answers, stops without dropping anybody.
import type { Server } from "node:net";
import { IngotError } from "../core/index.ts";
import { Cors } from "./access/cors.ts";
import type { Tokens } from "./access/tokens.ts";
import { type AnsweringOptions, answering } from "./answering.ts";
import { answerBrokenRequests } from "./broken_request.ts";
import { answerExpectations } from "./expectations.ts";
import type { Observer } from "./finished_request.ts";
import { GrpcPort } from "./grpc/grpc_port.ts";
import { listenOnPort, listenOnSocket } from "./listener/address.ts";
import type { HandedConnections } from "./listener/connections.ts";
import { type Handle, HttpPort } from "./listener/http_port.ts";
import { TlsFiles } from "./listener/tls_files.ts";
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
  /** Path of a Unix socket to listen on instead of a port. */
  readonly socket?: string;
  /** Where connections come from when another process listens; `host`, `port`, `grpcPort` and `socket` are then its matter. */
  readonly handed?: HandedConnections;
  /** PEM files of a certificate with its chain, and of its key; read again when they change. Default: not encrypted. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** How often the certificate's files are looked at. Default 5 s. */
  readonly certificateCheckMs?: number;
  /** Who may ask. Default: everybody who reaches the port. */
  readonly tokens?: Tokens;
  /** Origins of pages that may ask, or `*`. Default: none but the server's own. */
  readonly corsOrigins?: readonly string[];
  /** For the headers of a request. Default 10 s. */
  readonly headersTimeoutMs?: number;
  /** For a whole request. Default 2 min. */
  readonly requestTimeoutMs?: number;
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
  /** `http://host:port` without a slash at the end, `unix:` and the path of the socket, or `handed:` where another process listens. */
  readonly url: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** Null where none was asked for. */
  readonly grpcPort: number | null;
  /** What answers: whoever changes it changes what is served. */
  readonly serving: Serving;
  /** Reads the certificate's files again now, if there are any. */
  readonly reloadCertificate: () => void;
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
    tokens: options.tokens ?? null,
    cors: options.corsOrigins ? new Cors(options.corsOrigins) : null,
    web: new WebAssets(options.webFolder === undefined ? builtPages() : options.webFolder),
  });
  for (const observer of options.observers ?? []) serving.observe(observer);
  await options.prepare?.(serving);
  if (serving.models.length === 0) throw new IngotError("USAGE", { what: "there is no model to serve" });
  const answer = answering(serving, options);
  const errorLog = options.errorLog ?? ((line: string) => process.stderr.write(`${line}\n`));
  const tls = options.tls ? new TlsFiles(options.tls.certificate, options.tls.key) : undefined;
  const headersTimeoutMs = options.headersTimeoutMs ?? 10_000;
  const handle: Handle = (request, response) => void answer(request, response);
  const requestTimeoutMs = options.requestTimeoutMs ?? 120_000;
  const http = new HttpPort(handle, { tls, headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs: 65_000 }, (server) =>
    answerExpectations(server, handle, serving.options.bodyLimit),
  );
  answerBrokenRequests(http.server, serving);
  const { handed } = options;
  const wantsGrpc = handed ? handed.hasGrpc : options.grpcPort !== undefined;
  const grpc = wantsGrpc ? new GrpcPort(serving, { tls, headersTimeoutMs, errorLog }) : null;

  const stop = async () => {
    serving.draining = true;
    if (options.drainDelayMs) await new Promise((resolve) => setTimeout(resolve, options.drainDelayMs));
    const timeoutMs = options.closeTimeoutMs ?? 30_000;
    await Promise.all([http.close(timeoutMs), grpc?.close(timeoutMs)]);
    tls?.close();
    await serving.close();
  };
  let where: { readonly url: string; readonly port: number; readonly grpcPort: number | null };
  if (handed) {
    where = { url: "handed:", port: 0, grpcPort: null };
    handed.open({ http: (socket) => http.take(socket), grpc: (socket) => grpc?.take(socket) });
  } else {
    const { url, port } = await listening(http.server, options);
    try {
      where = { url, port, grpcPort: grpc && (await listeningForGrpc(grpc.server, options)) };
    } catch (error) {
      await stop();
      throw error;
    }
  }
  const reloadCertificate = tls?.watch(
    (pair) => {
      http.encryptWith(pair);
      grpc?.encryptWith(pair);
    },
    (error) => errorLog(JSON.stringify({ level: "error", event: "certificate refused", why: String(error) })),
    options.certificateCheckMs,
  );
  serving.open();
  let closing: Promise<void> | null = null;
  return {
    ...where,
    serving,
    reloadCertificate: reloadCertificate ?? (() => {}),
    close() {
      closing ??= stop();
      return closing;
    },
  };
}

/** @returns the port. @throws IngotError ADDRESS_IN_USE */
export async function listeningForGrpc(
  server: Server,
  options: Pick<ServerOptions, "grpcPort" | "host">,
): Promise<number> {
  return (await listenOnPort(server, options.grpcPort!, options.host ?? "127.0.0.1", "--grpc-port")).port;
}

/** @returns where clients find it. @throws IngotError ADDRESS_IN_USE */
export async function listening(
  server: Server,
  options: Pick<ServerOptions, "socket" | "port" | "host" | "tls">,
): Promise<{ url: string; port: number }> {
  if (options.socket !== undefined) {
    await listenOnSocket(server, options.socket);
    return { url: `unix:${options.socket}`, port: 0 };
  }
  const { port, host } = await listenOnPort(server, options.port ?? 8080, options.host ?? "127.0.0.1");
  return { url: `${options.tls ? "https" : "http"}://${host}:${port}`, port };
}
