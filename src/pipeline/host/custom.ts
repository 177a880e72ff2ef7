// A step that the user wrote: a module of pure functions, run in a sandbox. Nothing is carried from one record to the next, and the module
// sees no network, file, clock or chance, so that an answer depends on the record only, in Node and in browsers.
import { z } from "zod";
import { IngotError, quoted } from "../../core/index.ts";
import type { HostColumn, HostKind, HostResult } from "../host.ts";
import type { Outcome } from "./custom/sandbox.ts";
import { thrownAt } from "./custom/source_lines.ts";
import { SandboxThread } from "./custom/thread.ts";
import { argumentOf, type DeclaredValue, tensorOf, WrongValue } from "./custom/values.ts";
import { hostSettings } from "./settings.ts";

const declared = z.strictObject({
  name: z.string(),
  type: z.enum(["float", "int", "bool", "string"]),
  shape: z.array(z.int().min(0).max(1_000_000)).max(8),
  missing: z.boolean(),
});

export const customSettings = z.strictObject({
  /** The bundle, and its source map. */
  module: z.string(),
  map: z.string(),
  exported: z.string(),
  inputs: z.array(z.string()),
  outputs: z.array(declared).min(1),
  timeoutMs: z.int().min(1).max(60_000),
  memoryMb: z.int().min(1).max(1024),
  /** Answers of steps after the model are values, not tensors. */
  isAfter: z.boolean(),
});
type Settings = z.infer<typeof customSettings>;

const mapFile = z.object({ sources: z.array(z.string()), mappings: z.string() });

export const custom: HostKind = {
  kind: "custom",
  async open(given, read) {
    const settings = hostSettings(customSettings, given, "custom");
    const text = async (name: string) => new TextDecoder().decode(await read(name));
    const map = mapFile.parse(JSON.parse(await text(settings.map)));
    const thread = new SandboxThread({
      code: await text(settings.module),
      exported: settings.exported,
      names: JSON.stringify(settings.outputs.map(({ name }) => name)),
      limits: { timeoutMs: settings.timeoutMs, memoryBytes: settings.memoryMb * 2 ** 20 },
    });
    const problem = failureOf(await thread.start(), settings, map);
    if (problem) {
      thread.close();
      throw problem;
    }
    return {
      async run(columns, rows) {
        const records = Array.from({ length: rows }, (_, row) => recordOf(settings, columns, row));
        const sent = records.filter((record) => typeof record === "string");
        const outcomes = (await thread.run(sent)).values();
        return records.map((record) =>
          typeof record === "string" ? resultOf(outcomes.next().value!, settings, map) : record,
        );
      },
      close: () => thread.close(),
    };
  },
};

/** The record as JSON, or why it cannot be one. */
function recordOf({ inputs, module }: Settings, columns: readonly HostColumn[], row: number): string | IngotError {
  const record: Record<string, unknown> = {};
  for (const [at, name] of inputs.entries()) {
    try {
      record[name] = argumentOf(columns[at]![row]);
    } catch (error) {
      if (!(error instanceof WrongValue)) throw error;
      return new IngotError("CUSTOM_STEP_FAILED", { what: `${quoted(name)} ${error.message}`, where: module });
    }
  }
  return JSON.stringify(record);
}

function resultOf(outcome: Outcome, settings: Settings, map: z.infer<typeof mapFile>): HostResult {
  const failure = failureOf(outcome, settings, map);
  if (failure) return failure;
  const refuse = (what: string) =>
    new IngotError("CUSTOM_STEP_FAILED", {
      what,
      where: settings.module,
      fix: "compare what the function returns with `outputs`",
    });
  const written = JSON.parse((outcome as { written: string }).written) as {
    wrong?: string;
    stranger?: string;
    values?: unknown[];
  };
  if (written.wrong !== undefined) return refuse(`returned ${written.wrong} instead of an object with its outputs`);
  if (written.stranger !== undefined) return refuse(`returned ${quoted(written.stranger)}, which is not declared`);
  const results: unknown[] = [];
  for (const [at, output] of settings.outputs.entries()) {
    try {
      const tensor = tensorOf(written.values![at], output);
      results.push(settings.isAfter ? answerOf(tensor, output) : tensor);
    } catch (error) {
      if (!(error instanceof WrongValue)) throw error;
      return refuse(`${quoted(output.name)} ${error.message}`);
    }
  }
  return results;
}

/** As an answer holds it: nested lists, truth values as such. */
function answerOf(tensor: ReturnType<typeof tensorOf>, { shape }: DeclaredValue): unknown {
  const values = Array.from(tensor.data as ArrayLike<unknown>, (value) =>
    tensor.dtype === "bool" ? value !== 0 : value,
  );
  return shape.toReversed().reduce<unknown[]>((flat, size) => chunks(flat, size), values)[0];
}

function chunks(values: readonly unknown[], size: number): unknown[] {
  return Array.from({ length: size === 0 ? 1 : values.length / size }, (_, i) =>
    values.slice(i * size, (i + 1) * size),
  );
}

function failureOf(outcome: Outcome, settings: Settings, map: z.infer<typeof mapFile>): IngotError | null {
  if ("written" in outcome) return null;
  if ("spent" in outcome) {
    const [what, fix] =
      outcome.spent === "time"
        ? [`did not answer within ${settings.timeoutMs} ms`, "do less for each record, or set `timeout_ms`"]
        : [`needs more than ${settings.memoryMb} MiB`, "hold less at once, or set `memory_mb`"];
    return new IngotError("CUSTOM_STEP_FAILED", { what, where: settings.module, fix });
  }
  const { name, message, stack } = outcome.thrown;
  return new IngotError("CUSTOM_STEP_FAILED", {
    what: `${name}: ${message}`,
    where: thrownAt(stack, map) ?? settings.module,
  });
}
