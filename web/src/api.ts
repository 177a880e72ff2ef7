// What the pages ask the server, over HTTP only.
import type { InputSpec, OutputSpec } from "../../src/core/schema.ts";

export type { InputSpec, OutputSpec };
export type InputRecord = Readonly<Record<string, unknown>>;
export type OutputRecord = Readonly<Record<string, unknown>>;

/** `GET /playground.json`, of a model by `?model=` */
export interface Served {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly description?: string;
  readonly runtime: string;
  readonly schema: { readonly inputs: readonly InputSpec[]; readonly outputs: readonly OutputSpec[] };
  readonly example: InputRecord;
  /** Names of all models; the first one answers where none is named. */
  readonly models: readonly string[];
}

export interface Refusal {
  readonly code: string;
  readonly what: string;
  readonly where?: string;
  readonly fix?: string;
}

/** Milliseconds: what the server reports by phase, and what the page waited. */
export interface Timing {
  readonly phases: Readonly<Record<string, number>>;
  readonly roundTrip: number;
}

export type Answer =
  | { readonly ok: true; readonly output: OutputRecord; readonly text: string; readonly timing: Timing }
  | { readonly ok: false; readonly refusal: Refusal };

/** @param model null for the first one @throws where the server cannot be reached or knows no such model */
export async function served(model: string | null): Promise<Served> {
  const response = await fetch(`/playground.json${modelQuery(model)}`);
  if (response.ok) return (await response.json()) as Served;
  const { error } = (await response.json()) as { error?: Refusal };
  throw new Error(
    error ? [error.what, error.fix].filter(Boolean).join(": ") : `the server answered ${response.status}`,
  );
}

/** What names a model in the address of a page: nothing for the first one. */
export function modelQuery(model: string | null): string {
  return model === null ? "" : `?model=${encodeURIComponent(model)}`;
}

/** Where records of this model go. */
export function predictPath({ name, models }: Served): string {
  return name === models[0] ? "/predict" : `/predict/${encodeURIComponent(name)}`;
}

/** @throws when the server cannot be reached or the signal aborts */
export async function predict(path: string, record: InputRecord, signal: AbortSignal): Promise<Answer> {
  const start = performance.now();
  const response = await fetch(path, { method: "POST", body: JSON.stringify(record), signal });
  const text = await response.text();
  const timing = { phases: phasesOf(response.headers.get("Server-Timing")), roundTrip: performance.now() - start };
  const body = JSON.parse(text) as OutputRecord & { error?: Refusal };
  if (!response.ok)
    return { ok: false, refusal: body.error ?? { code: "INTERNAL", what: `the server answered ${response.status}` } };
  return { ok: true, output: body, text, timing };
}

export type Readiness = "ready" | "draining" | "unreachable";

export async function readiness(): Promise<Readiness> {
  try {
    return (await fetch("/readyz", { cache: "no-store" })).ok ? "ready" : "draining";
  } catch {
    return "unreachable";
  }
}

function phasesOf(header: string | null): Record<string, number> {
  const phases: Record<string, number> = {};
  for (const [, name, ms] of (header ?? "").matchAll(/(\w+);dur=([\d.]+)/g)) phases[name!] = Number(ms);
  return phases;
}
