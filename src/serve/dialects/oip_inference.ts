// What an inference of the Open Inference Protocol is once its bytes are read, for REST and gRPC alike: tensors by name, checked
// together; the outputs that were asked for; what the request says about its turn.
import { IngotError, type InputSpec, nearest, quoted } from "../../core/index.ts";
import type { Tensor } from "../../onnx/index.ts";
import { type Call, limitTime } from "../call.ts";
import type { ServedModel } from "../served_model.ts";
import { classified } from "./classification.ts";
import { checkDeclared } from "./declared_values.ts";

export interface RequestedOutput {
  readonly name: string;
  /** As bytes or as JSON; absent: as the request says for all. */
  readonly binary?: boolean;
  /** Instead of the tensor, its largest values with their names: this many. */
  readonly classes?: number;
}

/** The extension `schedule_policy`. */
export interface ScheduleParameters {
  /** 0 = usual; else 1 goes first, 2 second, … */
  readonly priority: number;
  /** Microseconds after which an answer is of no use; 0 = none. */
  readonly timeoutUs: number;
}

export interface InferCall {
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Empty: all. */
  readonly outputs: readonly RequestedOutput[];
  readonly binaryOutput: boolean;
  readonly schedule: ScheduleParameters;
  readonly id?: string;
}

/** @throws IngotError INPUT_INVALID for a name that the model does not have */
export function inputSpec(name: string, { schema }: Pick<ServedModel, "schema">): InputSpec {
  const spec = schema.inputs.find((candidate) => candidate.name === name);
  if (!spec) throw unknownName("input", name, schema.inputs);
  return spec;
}

/** @throws IngotError INPUT_INVALID for an input that is given twice, or whose values are not what the package declares */
export function addFeed(feeds: Record<string, Tensor>, spec: InputSpec, tensor: Tensor): void {
  const { name } = spec;
  if (feeds[name]) throw new IngotError("INPUT_INVALID", { what: "is given twice", where: `inputs.${name}` });
  checkDeclared(spec, tensor);
  feeds[name] = tensor;
}

/**
 * Runs the model.
 * @returns the outputs that were asked for, in that order
 * @throws IngotError INPUT_INVALID for inputs that are absent or disagree in their rows, outputs that do not exist
 */
export async function runInference(
  model: ServedModel,
  { feeds, outputs, schedule }: InferCall,
  call: Call,
): Promise<{ readonly output: RequestedOutput; readonly tensor: Tensor }[]> {
  call.rows = rowsOf(feeds, model);
  const wanted = wantedOutputs(outputs, model);
  if (schedule.timeoutUs > 0) limitTime(call, schedule.timeoutUs / 1000);
  // Every priority goes before none, 1 before 2.
  if (schedule.priority > 0) call.priority = 1 / schedule.priority;
  const results = await model.run(feeds, call);
  return wanted.map((output) => {
    const tensor = results[output.name]!;
    return { output, tensor: output.classes ? classified(tensor, output.classes, output.name, model.schema) : tensor };
  });
}

/** Rows of a request; 1 where the graph has no batch dimension. */
function rowsOf(feeds: Readonly<Record<string, Tensor>>, { schema }: ServedModel): number {
  let rows: { readonly of: string; readonly count: number } | null = null;
  for (const { name, layout } of schema.inputs) {
    const tensor = feeds[name];
    if (!tensor)
      throw new IngotError("INPUT_INVALID", {
        what: "is missing",
        where: `inputs.${name}`,
        fix: `send ${schema.inputs.map((input) => input.name).join(", ")}`,
      });
    if (layout === "whole") continue;
    const count = tensor.dims[0]!;
    rows ??= { of: name, count };
    if (rows.count !== count)
      throw new IngotError("INPUT_INVALID", {
        what: `has ${count} rows, inputs.${rows.of} has ${rows.count}`,
        where: `inputs.${name}`,
      });
  }
  return rows?.count ?? 1;
}

/** The outputs to answer with: those asked for, else all. */
function wantedOutputs(asked: readonly RequestedOutput[], { schema }: ServedModel): readonly RequestedOutput[] {
  if (asked.length === 0) return schema.outputs.map(({ name }) => ({ name }));
  for (const { name } of asked)
    if (!schema.outputs.some((output) => output.name === name)) throw unknownName("output", name, schema.outputs);
  return asked;
}

export function unknownName(
  kind: "input" | "output",
  name: string,
  known: readonly { readonly name: string }[],
): IngotError {
  const names = known.map((spec) => spec.name);
  const meant = nearest(name, names);
  return new IngotError("INPUT_INVALID", {
    what: `the model has no ${kind} ${quoted(name)}`,
    where: `${kind}s`,
    fix: meant
      ? `did you mean ${quoted(meant)}?`
      : `it has ${names.slice(0, 20).join(", ")}${names.length > 20 ? ", …" : ""}`,
  });
}
