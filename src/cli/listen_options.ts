// How `ingot serve` listens, and how models run: options that need more than their text.
import { IngotError } from "../core/index.ts";
import type { LoadOptions, ServerOptions } from "../serve/index.ts";

interface Given {
  readonly socket: string | undefined;
  readonly port: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly tokenFile: string | undefined;
  readonly cors: readonly string[];
  readonly maxInFlight: string | undefined;
  readonly maxBody: string | undefined;
  readonly latencyTarget: string | undefined;
}

/** @throws IngotError USAGE, FILE_NOT_FOUND */
export async function listenOptions(given: Given): Promise<Partial<ServerOptions>> {
  const { socket, port, tlsCert, tlsKey, tokenFile, cors } = given;
  if (socket !== undefined && port !== undefined)
    throw new IngotError("USAGE", {
      what: "a server listens on a socket or on a port",
      where: "--socket",
      fix: "give one",
    });
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new IngotError("USAGE", {
      what: "a certificate and its key belong together",
      where: tlsCert === undefined ? "--tls-cert" : "--tls-key",
      fix: "give both",
    });
  const { Tokens } = await import("./serving.ts");
  const maxInFlight = numberOf(given.maxInFlight, "--max-in-flight");
  const bodyMiB = numberOf(given.maxBody, "--max-body");
  const latencyTargetMs = numberOf(given.latencyTarget, "--latency-target");
  return {
    ...(socket === undefined ? {} : { socket }),
    ...(tlsCert === undefined || tlsKey === undefined ? {} : { tls: { certificate: tlsCert, key: tlsKey } }),
    ...(tokenFile === undefined ? {} : { tokens: Tokens.read(tokenFile) }),
    ...(cors.length === 0 ? {} : { corsOrigins: cors.flatMap((origins) => origins.split(",")) }),
    ...(maxInFlight === undefined ? {} : { maxInFlight }),
    ...(bodyMiB === undefined ? {} : { bodyLimit: bodyMiB * 2 ** 20 }),
    ...(latencyTargetMs === undefined ? {} : { latencyTargetMs }),
  };
}

/** @throws IngotError USAGE */
export function loadOptions(noBatching: boolean, threads: string | undefined): LoadOptions {
  const number = numberOf(threads, "--threads");
  return { ...(noBatching ? { batching: false } : {}), ...(number === undefined ? {} : { threads: number }) };
}

/** Null: this process answers. @throws IngotError USAGE */
export function workersOf(text: string | undefined): number | null {
  const workers = numberOf(text, "--workers") ?? null;
  if (workers === null || workers <= mostWorkers) return workers;
  throw new IngotError("USAGE", { what: `${text} are too many workers`, where: "--workers", fix: "one per core" });
}

const mostWorkers = 256;

function numberOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,7}$/.test(text) && Number(text) > 0) return Number(text);
  throw new IngotError("USAGE", { what: `\`${text}\` is no whole number above 0`, where: option });
}
