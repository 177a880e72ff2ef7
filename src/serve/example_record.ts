// An example for a model that brought none: plausible values from the schema alone.
import type { InputSpec, Schema } from "../core/index.ts";
import type { InputRecord } from "../runtime/index.ts";

/** The given example when there is one, else a record every input of which is legal. */
export function exampleOf(schema: Schema, example?: InputRecord): InputRecord {
  return example ?? Object.fromEntries(schema.inputs.map((input) => [input.name, exampleValue(input)]));
}

function exampleValue(input: InputSpec): unknown {
  return input.shape.reduceRight<unknown>(
    (value, dim) => Array.from({ length: typeof dim === "number" ? dim : 1 }, () => value),
    exampleScalar(input),
  );
}

function exampleScalar({ type, categories, min, max }: InputSpec): string | number | boolean {
  if (categories?.[0] !== undefined) return categories[0];
  if (type === "string") return "text";
  if (type === "bool") return false;
  const middle = min !== undefined && max !== undefined ? (min + max) / 2 : (min ?? max ?? 0);
  if (type === "float") return middle;
  return min === undefined ? Math.floor(middle) : Math.max(Math.floor(middle), Math.ceil(min));
}
