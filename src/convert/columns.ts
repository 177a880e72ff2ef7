// Inputs by column: what converters of tabular models have in common.
import { IngotError, quoted } from "../core/index.ts";
import { int64, strings, type Tensor } from "../onnx/index.ts";

/** Names that outputs of tabular models have; no input may be called so. */
export const outputNames: ReadonlySet<string> = new Set(["label", "probabilities", "margin", "prediction"]);

/** @throws IngotError INPUT_INVALID for an input without a name, that appears twice or is called like an output */
export function checkInputNames(names: Iterable<string>, source: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (name === "")
      throw new IngotError("INPUT_INVALID", {
        what: `input ${seen.size} has no name`,
        where: source,
        fix: "name all columns under `inputs`, in the model's order",
      });
    if (outputNames.has(name) || seen.has(name))
      throw new IngotError("INPUT_INVALID", {
        what: seen.has(name)
          ? `two inputs are called ${quoted(name)}`
          : `an input cannot be called ${quoted(name)}, an output is`,
        where: source,
        fix: "give the column another name under `inputs`, with `column:` naming the model's",
      });
    seen.add(name);
  }
}

/** A text that is none of the categories, to send for a missing value. */
export function absentFrom(categories: readonly string[]): string {
  let text = "";
  while (categories.includes(text)) text += "?";
  return text;
}

/** Names of classes as a constant to pick labels from; undefined where labels are numbers by themselves. */
export function labelNames(
  classes: readonly (string | number)[] | undefined,
): { readonly type: "int" | "string"; readonly tensor: Tensor } | undefined {
  if (!classes) return undefined;
  if (classes.every((name) => Number.isSafeInteger(name)))
    return { type: "int", tensor: int64(classes as readonly number[]) };
  return { type: "string", tensor: strings(classes.map(String)) };
}

/** @param count classes of the model, 0 when it does not classify. @throws IngotError INPUT_INVALID */
export function checkClasses(
  classes: readonly (string | number)[] | undefined,
  count: number,
  objective: string,
  source: string,
): void {
  if (!classes || (count > 0 && classes.length === count)) return;
  throw new IngotError("INPUT_INVALID", {
    what:
      count === 0
        ? "classes are named, but the model does not classify"
        : `${classes.length} classes are named, the model has ${count}`,
    where: `${source}: objective ${quoted(objective)}`,
    fix: "name as many classes as the model has, in the order of their numbers",
  });
}
