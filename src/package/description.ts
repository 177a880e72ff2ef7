// ingot.json, the package description: what a package is, for every program that opens one.
import { z } from "zod";
import { type Digest, IngotError, isDigest, type Json, readableJson, type Schema } from "../core/index.ts";
import type { PipelineWork } from "../pipeline/index.ts";

export interface PackageDescription {
  readonly formatVersion: 1;
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  /** SPDX expression. */
  readonly license?: string;
  readonly task: string;
  readonly schema: Schema;
  /** The trained file this was cast from; the file itself is not in the package unless declared. */
  readonly source: {
    readonly file: string;
    readonly digest: Digest;
    readonly format: string;
    readonly formatVersion?: string;
    readonly producer?: { readonly name: string; readonly version?: string };
  };
  readonly graph: {
    readonly file: string;
    /** External tensor data beside it, from 1 GiB up. */
    readonly data?: string;
    readonly dialect: "exact" | "compact" | "as given";
    readonly irVersion: number;
    readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  };
  /** Declared steps: their names, what the graph refuses, the work on the host around it. */
  readonly pipeline?: PipelineWork;
  /** Choices made in conversion that a user should know of. */
  readonly notes: readonly string[];
  readonly metrics?: Readonly<Record<string, number | string | boolean>>;
  /** Path of the environment file. */
  readonly environment?: string;
  /** What the project let pass although the scan refuses it. */
  readonly scan?: {
    readonly allow?: readonly { readonly rule: string; readonly reason: string }[] | undefined;
    readonly unknown?: "allow" | "refuse" | undefined;
  };
  readonly examples?: { readonly file: string; readonly rows: number; readonly rowsWithOutputs: number };
}

const text = z.string();
const columnType = z.enum(["float", "int", "bool", "string", "bytes"]);
const shape = z.array(z.union([z.int().nonnegative(), text, z.null()])).max(32);
const digestText = z.custom<Digest>(isDigest, "is no digest");
const column = {
  name: text,
  type: columnType,
  dtype: text,
  shape,
  unit: text.optional(),
  description: text.optional(),
};

const packageSchema = z.object({
  inputs: z.array(
    z.object({
      ...column,
      layout: z.enum(["column", "batch", "whole"]),
      missing: z.enum(["allow", "refuse"]).optional(),
      missingValue: text.optional(),
      booleans: z.literal("allow").optional(),
      unread: z.literal(true).optional(),
      text: z
        .object({ lowercase: z.boolean().optional(), stripAccents: z.enum(["unicode", "ascii"]).optional() })
        .optional(),
      categories: z.union([z.array(text), z.array(z.number())]).optional(),
      min: z.number().optional(),
      max: z.number().optional(),
    }),
  ),
  outputs: z.array(
    z.object({
      ...column,
      layout: z.enum(["batch", "whole"]),
      role: z.enum(["label", "probabilities", "margin", "value", "leaf"]).optional(),
      classes: z.array(text).optional(),
    }),
  ),
});

const hostStages = z.array(
  z.object({
    step: text,
    kind: text,
    settings: z.json(),
    files: z.array(text).optional(),
    reads: z.array(text),
    writes: z.array(text),
  }),
);

const pipelineWork = z.object({
  steps: z.object({ before: z.array(text), after: z.array(text) }),
  inner: packageSchema.optional(),
  before: hostStages.optional(),
  after: hostStages.optional(),
  problems: z.array(z.object({ step: text, column: text, what: text, fix: text.optional() })).optional(),
  oneAtATime: z.boolean().optional(),
});

const descriptionFile = z.object({
  formatVersion: z.literal(1),
  name: text,
  version: text,
  description: text.optional(),
  license: text.optional(),
  task: text,
  schema: packageSchema,
  source: z.object({
    file: text,
    digest: digestText,
    format: text,
    formatVersion: text.optional(),
    producer: z.object({ name: text, version: text.optional() }).optional(),
  }),
  graph: z.object({
    file: text,
    data: text.optional(),
    dialect: z.enum(["exact", "compact", "as given"]),
    irVersion: z.number(),
    opsets: z.array(z.object({ domain: text, version: z.number() })),
  }),
  pipeline: pipelineWork.optional(),
  notes: z.array(text),
  metrics: z.record(text, z.union([z.number(), text, z.boolean()])).optional(),
  environment: text.optional(),
  scan: z
    .object({
      allow: z.array(z.object({ rule: text, reason: text })).optional(),
      unknown: z.enum(["allow", "refuse"]).optional(),
    })
    .optional(),
  examples: z.object({ file: text, rows: z.number(), rowsWithOutputs: z.number() }).optional(),
});

export function writeDescription(description: PackageDescription): Uint8Array {
  return Buffer.from(readableJson(description as unknown as Json));
}

/** @throws IngotError PACKAGE_INVALID */
export function parseDescription(bytes: Uint8Array, where: string): PackageDescription {
  const value = parseJsonFile(bytes, where);
  const version = (value as { formatVersion?: unknown } | null)?.formatVersion;
  if (typeof version === "number" && version > 1)
    throw new IngotError("PACKAGE_INVALID", {
      what: `was written by a newer Ingot (format ${version}, this one reads 1)`,
      where,
      fix: "update Ingot",
    });
  const parsed = descriptionFile.safeParse(value);
  if (parsed.success) return parsed.data as unknown as PackageDescription;
  const issue = parsed.error.issues[0]!;
  throw new IngotError("PACKAGE_INVALID", { what: `\`${issue.path.map(String).join(".")}\`: ${issue.message}`, where });
}

/** @throws IngotError PACKAGE_INVALID */
export function parseJsonFile(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new IngotError("PACKAGE_INVALID", { what: `is not JSON (${(cause as Error).message})`, where, cause });
  }
}
