// Inputs of a graph under the names and types that the project gives them.
import { type ColumnType, type DType, IngotError, type InputSpec, nearest, quoted } from "../../core/index.ts";
import { columnType, graphInputs } from "../../formats/index.ts";
import { type Model, renameValues, valueNames } from "../../onnx/index.ts";
import type { ConvertOptions } from "../converter.ts";

export type Declared = NonNullable<ConvertOptions["inputs"]>[number];

export interface Named {
  readonly model: Model;
  /** What the project says of an input, by its name in `model`. */
  readonly declared: ReadonlyMap<string, Declared>;
}

/**
 * Declared inputs are matched by name; when none of the names is the graph's, by order, and then they rename.
 * @throws IngotError MODEL_INVALID naming the input that does not exist
 */
export function named(model: Model, inputs: ConvertOptions["inputs"]): Named {
  const own = graphInputs(model.graph).map(({ name }) => name);
  const declared = new Map((inputs ?? []).map((input) => [input.name, input]));
  if (!inputs || inputs.every(({ name }) => own.includes(name))) return { model, declared };
  const isRenaming = inputs.length === own.length && !inputs.some(({ name }) => own.includes(name));
  if (isRenaming) return { model: renamed(model, new Map(own.map((name, i) => [name, inputs[i]!.name]))), declared };
  const stranger = inputs.find(({ name }) => !own.includes(name))!.name;
  const guess = nearest(stranger, own);
  throw new IngotError("MODEL_INVALID", {
    what: `the graph has no input ${quoted(stranger)}`,
    where: "inputs",
    fix: guess ? `did you mean ${quoted(guess)}?` : `its inputs are ${own.map((name) => quoted(name)).join(", ")}`,
  });
}

function renamed(model: Model, names: Map<string, string>): Model {
  const taken = valueNames(model.graph);
  for (const name of names.values())
    if (taken.has(name))
      throw new IngotError("MODEL_INVALID", {
        what: `the graph uses ${quoted(name)} for another value`,
        where: "inputs",
        fix: "choose another name for this input",
      });
  return { ...model, graph: renameValues(model.graph, names) };
}

/** The type people send: the declared one where the tensor can carry it. */
export function declaredType(declared: Declared | undefined, dtype: DType, name: string): ColumnType {
  const own = columnType(dtype);
  if (!own)
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: `input ${quoted(name)} is ${dtype}, which a record cannot hold`,
      fix: "export the model with real-valued inputs",
    });
  const wanted = declared?.type as ColumnType | undefined;
  if (wanted === undefined || wanted === own) return own;
  if (own !== "string" && wanted !== "string") return wanted;
  throw new IngotError("MODEL_INVALID", {
    what: `input ${quoted(name)} is declared as ${wanted}, the graph takes ${dtype}`,
    where: "inputs",
    fix: `declare it as ${own}, or leave the type out`,
  });
}

export function categoriesOf(declared: Declared | undefined): Pick<InputSpec, "categories"> {
  if (!declared?.categories) return {};
  return { categories: declared.categories as readonly string[] | readonly number[] };
}
