// What Ingot can do with a model that was read: convert it and run the graph, or why not and what to do instead.
import { IngotError, type Schema } from "../core/index.ts";
import type { ModelDescription, ModelRead } from "../formats/index.ts";
import { compileGraph } from "../onnx/index.ts";
import type { Converted } from "./converter.ts";
import { convertModel } from "./index.ts";

export type ModelUse =
  | {
      readonly converts: true;
      /** Runtimes that run the graph. */
      readonly runtimes: readonly ("native" | "wasm" | "micro")[];
      /** Outputs that are bit-identical to the library's, and those with a stated last-place error. */
      readonly exact: readonly string[];
      readonly close: readonly string[];
      readonly notes: readonly string[];
    }
  | {
      readonly converts: false;
      readonly why: string;
      readonly where?: string;
      readonly instead: string;
    };

/** Converting takes memory: what is larger is left to `ingot convert`. */
const largestTried = 256 << 20;

/** Its inputs and outputs are those of the converted model where it converts: a reader cannot always tell them, a converter must. */
export function inspectModel(read: ModelRead): { description: ModelDescription; use: ModelUse } {
  const { format, model, description, size } = read;
  if (format === null)
    return refused(description, {
      why: "a folder of files, not a model of one format",
      instead: "name the model file in it",
    });
  if (size > largestTried)
    return refused(description, {
      why: `not tried on a model of more than ${largestTried >> 20} MiB`,
      instead: "`ingot convert` tries it",
    });
  try {
    const converted = convertModel(format, model);
    return {
      description: { ...description, ...valuesOf(converted.schema, description) },
      use: whatItDoes(format.id, converted),
    };
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    return refused(description, {
      why: error.what,
      ...(error.where === undefined ? {} : { where: error.where }),
      instead: error.fix ?? "see `ingot formats` for what can be packed",
    });
  }
}

function refused(description: ModelDescription, reason: { why: string; where?: string; instead: string }) {
  return { description, use: { converts: false as const, ...reason } };
}

/** Readers name categories and classes that no schema has, such as those of a column behind an imputer. */
function valuesOf(schema: Schema, read: ModelDescription): Pick<ModelDescription, "inputs" | "outputs"> {
  return {
    inputs: schema.inputs.map(({ name, type, shape, categories: known }) => {
      const categories = known ?? read.inputs.find((input) => input.name === name && input.type === type)?.categories;
      return { name, type, shape, ...(categories ? { categories } : {}) };
    }),
    outputs: schema.outputs.map(({ name, type, shape, classes: known }) => {
      const classes = known ?? read.outputs.find((output) => output.name === name)?.classes;
      return { name, type, shape, ...(classes ? { classes } : {}) };
    }),
  };
}

function whatItDoes(id: string, { schema, promises, model, notes }: Converted): ModelUse {
  const names = schema.outputs.map(({ name }) => name);
  // A graph that arrived as ONNX is run as it is: there is no library to compare with.
  const compared = id === "onnx" ? [] : names;
  return {
    converts: true,
    runtimes: ["native", "wasm", ...(runsOnMicro(model) ? (["micro"] as const) : [])],
    exact: compared.filter((name) => promises[name]?.exact === true),
    close: compared.filter((name) => promises[name]?.exact === false),
    notes,
  };
}

function runsOnMicro(model: Parameters<typeof compileGraph>[0]): boolean {
  try {
    compileGraph(model);
    return true;
  } catch (error) {
    if (error instanceof IngotError) return false;
    throw error;
  }
}
