// The pipeline computed without its graph: every step's evaluation around the model's own. Takes and gives what the graph takes and gives.
import type { Schema } from "../core/index.ts";
import { elementCount, int32, type Tensor } from "../onnx/index.ts";
import type { CompiledPipeline } from "./compile.ts";
import { type Connection, castTensor, isFloat } from "./connect.ts";
import { missingText } from "./emission.ts";
import { type PlannedStep, sourceOf, type Version } from "./plan_pipeline.ts";
import { refusedOutput } from "./work.ts";

type Feeds = Readonly<Record<string, Tensor>>;

/** Told of every column that a step or the model made, in order. */
export type Observer = (step: string, column: string, tensor: Tensor) => void;

/**
 * @param model the model's own reference, under the names of its inputs and outputs
 */
export function pipelineReference(
  compiled: CompiledPipeline,
  model: (feeds: Feeds) => Record<string, Tensor>,
  observe: Observer = () => {},
): (feeds: Feeds) => Record<string, Tensor> {
  const { planned, keys, inner, work } = compiled;
  return (feeds) => {
    const rows = rowsOf(inner, feeds);
    const values = new Map<Version, Tensor>();
    const refused = new Int32Array(rows);
    const refuse = (row: number, step: string, column: string, what: string) => {
      if (refused[row] !== 0) return;
      const at = work.problems?.findIndex((p) => p.step === step && p.column === column && p.what === what) ?? -1;
      refused[row] = at + 1;
    };
    for (const [version, key] of keys)
      if (Object.hasOwn(feeds, key)) values.set(version, shaped(feeds[key]!, version, rows));
    const at = (version: Version): Tensor => values.get(sourceOf(version))!;
    const run = (steps: readonly PlannedStep[]) => {
      for (const { declared, plan, reads, writes } of steps) {
        if (!plan.evaluate) continue;
        const results = plan.evaluate(reads.map(at), rows, {
          reject: (row, { column, what }) => refuse(row, declared.name, column, what),
        });
        writes.forEach((version, i) => {
          values.set(version, results[i]!);
          observe(declared.name, version.column.name, results[i]!);
        });
      }
    };
    run(planned.before);
    for (const connection of planned.connections) {
      if (connection.refusal === null || keys.get(connection.version) === connection.spec.name) continue;
      const { column, what } = connection.refusal;
      for (const row of missingRows(at(connection.version), rows)) refuse(row, "model", column, what);
    }
    const outputs = model(
      Object.fromEntries(
        planned.connections.map((connection) => [connection.spec.name, modelInput(connection, at, rows)]),
      ),
    );
    for (const version of planned.modelOutputs) {
      const tensor = shaped(outputs[version.column.name]!, version, rows);
      values.set(version, tensor);
      observe("model", version.column.name, tensor);
    }
    run(planned.after);
    const found: Record<string, Tensor> = {};
    for (const { name } of inner.outputs)
      for (const [version, key] of keys)
        if (key === name && (values.has(sourceOf(version)) || version.alias)) found[name] = at(version);
    if (work.problems) found[refusedOutput] = int32(refused);
    return found;
  };
}

function rowsOf({ inputs }: Schema, feeds: Feeds): number {
  const [first] = inputs;
  return first ? (feeds[first.name]!.dims[0] ?? 1) : 0;
}

/** `[N, 1]` of inputs as the frame's `[N]`. */
function shaped(tensor: Tensor, { column }: Version, rows: number): Tensor {
  return column.shape.length === 0 && tensor.dims.length !== 1 ? { ...tensor, dims: [rows] } : tensor;
}

function modelInput(connection: Connection, at: (version: Version) => Tensor, rows: number): Tensor {
  const tensor = castTensor(at(connection.version), connection);
  return connection.spec.layout === "column" ? { ...tensor, dims: [rows, 1] } : tensor;
}

function* missingRows({ dtype, dims, data }: Tensor, rows: number): Generator<number> {
  if (!isFloat(dtype) && dtype !== "string") return;
  const size = elementCount(dims.slice(1));
  for (let row = 0; row < rows; row++)
    for (let at = row * size; at < (row + 1) * size; at++)
      if (data[at] === missingText || Number.isNaN(data[at])) {
        yield row;
        break;
      }
}
