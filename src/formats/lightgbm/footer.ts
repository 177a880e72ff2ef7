// What stands behind the trees: training parameters and the categories of pandas columns.
import { quoted } from "../../core/index.ts";
import type { ModelText } from "./lines.ts";
import type { LightgbmCategory } from "./model.ts";

export interface Footer {
  readonly parameters: ReadonlyMap<string, string>;
  readonly pandasCategorical: readonly (readonly LightgbmCategory[])[] | null;
}

const pandasKey = "pandas_categorical:";

/** @param start where `end of trees` stands */
export function readFooter(text: ModelText, start: number): Footer {
  const parameters = new Map<string, string>();
  let pandas: string | null = null;
  let inParameters = false;
  for (let at = start; at < text.bytes.length; ) {
    const end = text.lineEnd(at);
    const line = end === at ? "" : text.text(at, end);
    at = end + 1;
    if (line === "") continue;
    // Python appends this as the last line; inside the parameters a copy of it may stand.
    if (line.startsWith(pandasKey)) pandas = inParameters ? pandas : line.slice(pandasKey.length);
    else if (line === "parameters:") inParameters = true;
    else if (line === "end of parameters") inParameters = false;
    else if (inParameters) {
      const match = /^\[([^:]+): ?(.*)\]$/.exec(line);
      if (match) parameters.set(match[1]!, match[2]!);
    }
  }
  return { parameters, pandasCategorical: pandas === null ? null : categoryLists(text, pandas) };
}

/** `null`, or a list per column of strings, numbers or booleans. */
function categoryLists(text: ModelText, json: string): LightgbmCategory[][] | null {
  let parsed: unknown;
  try {
    // Python writes NaN and Infinity, which no list of categories holds.
    parsed = JSON.parse(json);
  } catch (cause) {
    throw text.invalid("is not JSON", "pandas_categorical", cause);
  }
  if (parsed === null) return null;
  if (!Array.isArray(parsed)) throw text.invalid("is not a list", "pandas_categorical");
  return parsed.map((list: unknown, index) => {
    const where = `pandas_categorical, list ${index}`;
    if (!Array.isArray(list)) throw text.invalid("is not a list", where);
    const kinds = new Set(list.map((value) => typeof value));
    for (const value of list as unknown[])
      if (!["string", "number", "boolean"].includes(typeof value))
        throw text.invalid(`${quoted(value)} is not a category`, where);
    if (kinds.size > 1) throw text.invalid(`mixes ${[...kinds].join(" and ")}`, where);
    if (new Set(list).size !== list.length) throw text.invalid("has a category twice", where);
    for (const value of list as unknown[])
      if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value))
        throw text.invalid(`${value} is too large to be told from its neighbours`, where);
    return list as LightgbmCategory[];
  });
}
