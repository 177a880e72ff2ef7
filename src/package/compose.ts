// A converted model with the steps of ingot.yaml around it: one graph, one schema, one reference.
import type { Converted, Tolerance } from "../convert/index.ts";
import type { Schema } from "../core/index.ts";
import type { ModelDescription } from "../formats/index.ts";
import {
  type CompiledPipeline,
  compilePipeline,
  type DeclaredInput,
  type PipelineParts,
  type PipelineWork,
  type ProjectContent,
  pipelineReference,
  preparedInputs,
} from "../pipeline/index.ts";
import { defaultTolerance } from "./compare.ts";
import type { ParsedProject } from "./project.ts";

/** A conversion, or one with steps around it: then `reference` takes and gives what the graph does. */
export interface Composed extends Converted {
  readonly pipeline?: PipelineWork;
  readonly compiled?: CompiledPipeline;
}

/** @throws IngotError PIPELINE_INVALID at the line of the step */
export function compose(converted: Converted, parsed: ParsedProject, content: ProjectContent): Composed {
  const { before, after } = parsed.steps;
  if (before.length + after.length === 0) return converted;
  const compiled = compilePipeline(partsOf(parsed, converted.schema, content), converted.model);
  const { reference, promises, ...others } = converted;
  return {
    ...others,
    model: compiled.model,
    schema: compiled.schema,
    promises: composedPromises(compiled, promises),
    pipeline: compiled.work,
    compiled,
    ...(reference ? { reference: pipelineReference(compiled, reference) } : {}),
  };
}

/** Which of the model's inputs steps make; the model is described, not converted yet. */
export function preparedNames(
  parsed: ParsedProject,
  description: ModelDescription,
  content: ProjectContent,
): ReadonlySet<string> {
  if (parsed.steps.before.length === 0) return new Set();
  const schema: Schema = {
    inputs: description.inputs.map(({ name, type, shape, categories }) => ({
      name,
      type,
      dtype: type === "string" ? "string" : "float64",
      shape,
      layout: shape.length === 0 ? "column" : "batch",
      missing: "allow",
      ...(categories ? { categories: categories as string[] | number[] } : {}),
    })),
    outputs: [],
  };
  return preparedInputs(partsOf(parsed, schema, content));
}

function partsOf({ project, steps, where }: ParsedProject, schema: Schema, content: ProjectContent): PipelineParts {
  const inputs = Object.entries(project.inputs ?? {}).map(
    ([name, { type, missing, categories, shape }]): DeclaredInput => ({ name, type, missing, categories, shape }),
  );
  return { inputs, ...steps, schema, project: content, where };
}

/** What the model promises holds behind steps that compute exactly; behind others, what rounding may cost. */
function composedPromises(
  { schema, planned }: CompiledPipeline,
  own: Converted["promises"],
): Record<string, Tolerance> {
  const isExact = planned.before.every(({ plan }) => !plan.inexact);
  const models = new Map(planned.modelOutputs.map((version) => [version.id, version.column.name]));
  return Object.fromEntries(
    schema.outputs.map(({ name, dtype }): [string, Tolerance] => {
      const answer = planned.answers.find((version) => version.column.name === name);
      const source = answer && models.get((answer.alias ?? answer).id);
      const promise = source === undefined ? undefined : own[source];
      if (promise && (isExact || promise.exact || dtype !== "float64")) return [name, promise];
      return [name, widest(promise, defaultTolerance(dtype))];
    }),
  );
}

function widest(a: Tolerance | undefined, b: Tolerance): Tolerance {
  if (!a || a.exact || b.exact) return b;
  return { exact: false, absolute: Math.max(a.absolute, b.absolute), relative: Math.max(a.relative, b.relative) };
}
