// JSON without its traps: integers beyond 2^53 are not rounded, depth is bounded, NaN and infinities travel as words.
import { IngotError, quoted } from "../core/index.ts";
import { shortestFloat32 } from "./shortest_float32.ts";

const deepest = 64;
/** Digits of an integer that is kept; the largest double has 309. Reading digits takes more than linear time. */
const longestInteger = 400;

/**
 * Parses JSON text. Integers that a double cannot hold become bigint.
 * @throws IngotError JSON_MALFORMED with line and column
 */
export function readJson(text: string, where: string): unknown {
  checkDepth(text, where);
  try {
    // Integers of 16 digits are rare (fractions of as many are not: Python writes doubles so); only then is the slower way with the
    // source text of every number taken.
    if (!/(?:^|[^\d.])\d{16}/.test(text)) return JSON.parse(text);
    const revive = (_key: string, value: unknown, { source }: { source?: string }) =>
      typeof value === "number" && source !== undefined ? exact(value, source, where) : value;
    return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new IngotError("JSON_MALFORMED", { what: `is not JSON: ${reason(cause, text)}`, where, cause });
  }
}

function exact(value: number, source: string, where: string): number | bigint {
  if (Number.isSafeInteger(value) || !/^-?\d+$/.test(source)) return value;
  if (source.length <= longestInteger) return BigInt(source);
  throw new IngotError("JSON_MALFORMED", { what: `holds an integer of ${source.length} digits`, where });
}

/** V8 says `… in JSON at position 12 (line 1 column 13)`; the snippet it adds may hold half the document. */
function reason(cause: SyntaxError, text: string): string {
  if (text.trim() === "") return "the text is empty";
  const { message } = cause;
  const place = /\(line \d+ column \d+\)/.exec(message)?.[0] ?? "";
  const what = /^(.*?)(?: in JSON at| at position|, "|, \.\.\.)/s.exec(message)?.[1] ?? message;
  return `${what}${place ? ` ${place}` : ""}`;
}

/**
 * JSON.parse takes any depth, at a cost of 64 bytes a level, and what walks its result does not. Fewer opening brackets than
 * that cannot nest deeper; most requests have few.
 */
function checkDepth(text: string, where: string): void {
  let openings = 0;
  for (let i = 0; i < text.length && openings <= deepest; i++) if ((text.charCodeAt(i) | 0x20) === 0x7b) openings++;
  if (openings <= deepest) return;
  let depth = 0;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inText) {
      if (code === 0x22) inText = false;
      else if (code === 0x5c) i++;
    } else if (code === 0x22) inText = true;
    // `[` and `{`, `]` and `}` differ in one bit.
    else if ((code | 0x20) === 0x7b) {
      if (++depth > deepest)
        throw new IngotError("JSON_MALFORMED", { what: `nests deeper than ${deepest} levels (position ${i})`, where });
    } else if ((code | 0x20) === 0x7d) depth--;
  }
}

/**
 * JSON text of plain values: NaN and infinities as the strings "NaN", "Infinity", "-Infinity" (which inputs take back),
 * bigint as digits, -0 as -0, Float32Array elements in their shortest form. Members that are undefined are left out.
 * @param special `bare` writes NaN and infinities without quotes, as Python does and strict readers refuse
 */
export function writeJson(value: unknown, special: "quoted" | "bare" = "quoted"): string {
  const numberText = special === "bare" ? bareNumber : quotedNumber;
  return jsonText(value, numberText);
}

type NumberText = (value: number) => string;

function jsonText(value: unknown, numberText: NumberText): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      return numberText(value);
    case "bigint":
      return value.toString();
    case "boolean":
      return value ? "true" : "false";
    case "object":
      return value === null ? "null" : objectText(value, numberText);
    default:
      return "null";
  }
}

function quotedNumber(value: number): string {
  return Number.isFinite(value) ? bareNumber(value) : `"${value}"`;
}

function bareNumber(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function objectText(value: object, numberText: NumberText): string {
  const inner = (element: unknown) => jsonText(element, numberText);
  if (Array.isArray(value)) return `[${value.map(inner).join(",")}]`;
  if (value instanceof Float32Array)
    return `[${Array.from(value, (element) => numberText(shortestFloat32(element))).join(",")}]`;
  if (ArrayBuffer.isView(value) && Symbol.iterator in value)
    return `[${Array.from(value as unknown as Iterable<number | bigint>, inner).join(",")}]`;
  if ("toJSON" in value && typeof value.toJSON === "function") return inner(value.toJSON());
  let text = "{";
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined) continue;
    text += `${text.length > 1 ? "," : ""}${JSON.stringify(key)}:${inner(member)}`;
  }
  return `${text}}`;
}

/** A value in a message, whatever it is. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return quoted(value);
}
