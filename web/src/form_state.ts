// What stands in the form, and the record it means.
import type { InputRecord, InputSpec } from "./api.ts";

export interface FieldState {
  readonly text: string;
  readonly isMissing: boolean;
  /** The category is typed freely instead of chosen. */
  readonly isOther: boolean;
}

export type FormState = Readonly<Record<string, FieldState>>;

export interface Reading {
  readonly record: InputRecord;
  /** Messages by input name; empty when the record can be sent. */
  readonly problems: Readonly<Record<string, string>>;
}

export function initialState(inputs: readonly InputSpec[], example: InputRecord): FormState {
  return Object.fromEntries(inputs.map((input) => [input.name, initialField(input, example[input.name])]));
}

function initialField(input: InputSpec, value: unknown): FieldState {
  const isMissing = value === null || value === undefined;
  if (isMissing) return { text: isScalar(input) ? "" : "[]", isMissing: input.missing === "allow", isOther: false };
  const text = typeof value === "string" ? value : isScalar(input) ? String(value) : compact(value);
  const known = (input.categories ?? []).map(String);
  return { text, isMissing: false, isOther: known.length > 0 && !known.includes(text) };
}

export function readForm(inputs: readonly InputSpec[], state: FormState): Reading {
  const record: Record<string, unknown> = {};
  const problems: Record<string, string> = {};
  for (const input of inputs) {
    const field = state[input.name];
    if (!field) continue;
    try {
      record[input.name] = meaningOf(input, field);
    } catch (error) {
      problems[input.name] = error instanceof Error ? error.message : String(error);
    }
  }
  return { record, problems };
}

/** @throws Error with a message for the field */
function meaningOf(input: InputSpec, { text, isMissing }: FieldState): unknown {
  if (isMissing) return null;
  if (!isScalar(input)) return arrayOf(input, text);
  if (input.type === "string") return text;
  if (input.type === "bool") return text === "true";
  const trimmed = text.trim();
  if (trimmed === "")
    throw new Error(input.missing === "allow" ? "enter a number, or mark as missing" : "enter a number");
  if (input.type === "float" && /^(NaN|-?Infinity)$/.test(trimmed)) return trimmed;
  const number = Number(trimmed);
  if (Number.isNaN(number)) throw new Error(`${trimmed} is not a number`);
  if (input.type === "int" && !Number.isInteger(number)) throw new Error("enter a whole number");
  if (input.type === "int" && !Number.isSafeInteger(number)) throw new Error("too large for this page: use the API");
  return number;
}

function arrayOf(input: InputSpec, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`enter JSON: ${shapeText(input)}`);
  }
}

export function isScalar(input: InputSpec): boolean {
  return input.shape.length === 0;
}

export function shapeText(input: InputSpec): string {
  return `array of ${input.shape.map((dim) => dim ?? "any").join(" × ")} values`;
}

/** JSON with a space after commas: arrays stay readable on one line. */
export function compact(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(compact).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([key, member]) => `${JSON.stringify(key)}: ${compact(member)}`)
      .join(", ")}}`;
  return JSON.stringify(value);
}
