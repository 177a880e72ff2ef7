// Runs the steps that stand on the host, before and after the graph, record by record or together as each likes.
import { IngotError, type Schema } from "../core/index.ts";
import type { Tensor } from "../onnx/index.ts";
import { type HostRunner, type HostStage, hostKinds, missingText, type PipelineWork } from "../pipeline/index.ts";
import { encodeInputs } from "./encode.ts";
import type { InputRecord } from "./predictor.ts";

/** What a package says of its pipeline, and its files. */
export interface PipelineFiles {
  readonly work: PipelineWork;
  /** A file of the package, verified. */
  read(path: string): Promise<Uint8Array>;
}

export interface Host {
  readonly before: readonly OpenStage[];
  readonly after: readonly OpenStage[];
  close(): Promise<void>;
}

interface OpenStage {
  readonly stage: HostStage;
  readonly runner: HostRunner;
}

/** What stages have made of one record so far, by key; or why it goes no further. */
export type HostValues = Map<string, unknown> | IngotError;

/** @throws IngotError PACKAGE_INVALID for work that this version does not know */
export async function openHost(pipeline: PipelineFiles | undefined): Promise<Host> {
  const opened: OpenStage[] = [];
  const close = async () => {
    for (const { runner } of opened) await runner.close?.();
  };
  const open = async (stages: readonly HostStage[]) => {
    const made: OpenStage[] = [];
    for (const stage of stages) {
      const load = Object.hasOwn(hostKinds, stage.kind) ? hostKinds[stage.kind] : undefined;
      if (!load)
        throw new IngotError("PACKAGE_INVALID", {
          what: `the step \`${stage.step}\` needs work of the kind ${stage.kind}, which this version does not know`,
          fix: "update Ingot",
        });
      const runner = await (await load()).open(stage.settings, (path) => pipeline!.read(path));
      made.push({ stage, runner });
      opened.push({ stage, runner });
    }
    return made;
  };
  try {
    return { before: await open(pipeline?.work.before ?? []), after: await open(pipeline?.work.after ?? []), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Work before the graph, on checked records.
 * @returns for each record what the stages wrote
 */
export async function runBefore(host: Host, schema: Schema, records: readonly InputRecord[]): Promise<HostValues[]> {
  const made = new Set(host.before.flatMap(({ stage }) => stage.writes));
  const read = new Set(host.before.flatMap(({ stage }) => stage.reads.filter((key) => !made.has(key))));
  const specs = schema.inputs.filter(({ name }) => read.has(name));
  const values = records.map((record): HostValues => {
    const own = new Map<string, unknown>();
    try {
      for (const spec of specs) own.set(spec.name, givenValue({ inputs: [spec], outputs: [] }, record));
      return own;
    } catch (error) {
      if (error instanceof IngotError) return error;
      throw error;
    }
  });
  await runStages(host.before, values);
  return values;
}

/** Runs stages on what is not refused yet; what they write is added to each record's values. */
export async function runStages(stages: readonly OpenStage[], values: HostValues[]): Promise<void> {
  for (const { stage, runner } of stages) {
    const rows = values.flatMap((value, row) => (value instanceof IngotError ? [] : [row]));
    if (rows.length === 0) return;
    const columns = stage.reads.map((key) =>
      rows.map((row) => plainValue((values[row] as Map<string, unknown>).get(key))),
    );
    const results = await runner.run(columns, rows.length);
    rows.forEach((row, at) => {
      const result = results[at]!;
      if (result instanceof IngotError) {
        values[row] = inStage(result, stage);
        return;
      }
      stage.writes.forEach((key, i) => {
        (values[row] as Map<string, unknown>).set(key, result[i]);
      });
    });
  }
}

/** Errors of one record's content are refusals; what else a step throws keeps its code. */
function inStage(error: IngotError, { step, reads }: HostStage): IngotError {
  const where = error.where ?? `inputs.${reads[0] ?? ""}`;
  return new IngotError(error.code, { what: error.what, where: `${where} (${step})`, fix: error.fix, cause: error });
}

/** A value as the record holds it, checked: an element for scalars (null where missing), the record's tensor for others. */
function givenValue(schema: Schema, record: InputRecord): unknown {
  const [spec] = schema.inputs;
  const { name, type, shape } = spec!;
  const tensor = encodeInputs(schema, [record])[name]!;
  const value = record[name];
  // Bytes from a program need no base64 on their way.
  if (type === "bytes" && value instanceof Uint8Array) return value;
  if (shape.length > 0) return { ...tensor, dims: tensor.dims.slice(1) } satisfies Tensor;
  const element = tensor.data[0];
  const isMissing = element === missingText || (typeof element === "number" && Number.isNaN(element));
  return isMissing && (value === null || value === undefined) ? null : element;
}

/** Scalar tensors as their element. */
function plainValue(value: unknown): unknown {
  if (!isTensor(value) || value.dims.length > 0) return value;
  const element = value.data[0];
  return element === missingText ? null : element;
}

export function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && "dtype" in value && "dims" in value && "data" in value;
}
