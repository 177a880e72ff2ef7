// What the rows that differ have in common and the others have not: the input to look at first.
import { quoted, type Schema } from "../core/index.ts";
import type { Example } from "./examples.ts";

export interface Cause {
  readonly input: string;
  /** `is missing`, `is "Private"`, `is below 0`. */
  readonly what: string;
  /** Of the rows that differ, and of those that do not. */
  readonly among: { readonly differing: number; readonly of: number };
  readonly others: { readonly differing: number; readonly of: number };
}

/** What is told must hold for nearly all that differ, and for few others. */
const least = 0.8;
const mostOthers = 0.25;
const mostValues = 40;
/** One or two rows have a hundred things in common. */
const fewest = 3;

/** Null where nothing separates them. */
export function likelyCause({ inputs }: Schema, rows: readonly Example[], differs: readonly boolean[]): Cause | null {
  const bad = differs.filter(Boolean).length;
  const good = rows.length - bad;
  if (bad < fewest || good === 0) return null;
  let best: Cause | null = null;
  let bestGap = 0;
  for (const { name, categories, min, max } of inputs)
    for (const [what, holds] of conditions(
      rows.map((row) => row.inputs[name]),
      categories,
      min,
      max,
    )) {
      let [inBad, inGood] = [0, 0];
      rows.forEach((row, at) => {
        if (!holds(row.inputs[name])) return;
        if (differs[at]) inBad++;
        else inGood++;
      });
      const gap = inBad / bad - inGood / good;
      if (inBad / bad < least || inGood / good > mostOthers || gap <= bestGap) continue;
      bestGap = gap;
      best = { input: name, what, among: { differing: inBad, of: bad }, others: { differing: inGood, of: good } };
    }
  return best;
}

type Condition = [what: string, holds: (value: unknown) => boolean];

function conditions(
  values: readonly unknown[],
  categories: readonly (string | number)[] | undefined,
  min: number | undefined,
  max: number | undefined,
): Condition[] {
  const isMissing = (value: unknown) => value === undefined || value === null || Number.isNaN(value) || value === "NaN";
  const found: Condition[] = [["is missing", isMissing]];
  if (categories) {
    const known = new Set<unknown>(categories);
    found.push(["is none of the known categories", (value) => !isMissing(value) && !known.has(value)]);
  }
  const texts = new Set(values.filter((value) => typeof value === "string" || typeof value === "boolean"));
  if (texts.size <= mostValues) for (const text of texts) found.push([`is ${quoted(text)}`, (value) => value === text]);
  found.push(["holds characters beyond ASCII", (value) => typeof value === "string" && /[^\x20-\x7e]/.test(value)]);
  found.push(["holds upper case letters", (value) => typeof value === "string" && value !== value.toLowerCase()]);
  found.push(["begins or ends with a space", (value) => typeof value === "string" && value !== value.trim()]);
  const numbers = values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  if (numbers.length === 0) return found;
  found.push(["is 0", (value) => value === 0], ["is negative", (value) => typeof value === "number" && value < 0]);
  found.push(["has a fraction", (value) => typeof value === "number" && !Number.isInteger(value)]);
  if (min !== undefined) found.push([`is below ${min}`, (value) => typeof value === "number" && value < min]);
  if (max !== undefined) found.push([`is above ${max}`, (value) => typeof value === "number" && value > max]);
  const sorted = [...numbers].sort((a, b) => a - b);
  for (const share of [0.5, 0.75, 0.9, 0.95]) {
    const high = sorted[Math.floor(sorted.length * share)]!;
    const low = sorted[Math.floor(sorted.length * (1 - share))]!;
    found.push([`is above ${high}`, (value) => typeof value === "number" && value > high]);
    found.push([`is below ${low}`, (value) => typeof value === "number" && value < low]);
  }
  return found;
}
