// Examples: recorded inputs with the outputs they should give, one JSON object per line.
import { IngotError, nearest, quoted } from "../core/index.ts";

export interface Example {
  /** 1-based line in the file. */
  readonly line: number;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Absent: the row only shows what an input looks like. */
  readonly outputs?: Readonly<Record<string, unknown>>;
  /** Values of columns between the steps, recorded by the training code: `age` as the model read it, `impute.age` as that step wrote it. */
  readonly intermediate?: Readonly<Record<string, unknown>>;
  /** What an edge row is about: `threshold of age: 38.5`. */
  readonly about?: string;
}

const largestFile = 64 * 1024 * 1024;
const mostRows = 100_000;

/** @param most rows, the first ones; what follows is not looked at. @throws IngotError JSON_MALFORMED naming the line */
export function parseExamples(bytes: Uint8Array, name: string, most = Number.POSITIVE_INFINITY): Example[] {
  if (bytes.length > largestFile)
    throw new IngotError("FILE_TOO_LARGE", {
      what: `holds ${bytes.length} bytes, at most ${largestFile} are kept as examples`,
      where: name,
    });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new IngotError("JSON_MALFORMED", { what: "is not valid UTF-8 text", where: name });
  }
  const examples: Example[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    if (examples.length === most) break;
    if (examples.length === mostRows)
      throw new IngotError("FILE_TOO_LARGE", { what: `holds more than ${mostRows} rows`, where: name });
    examples.push(parseExample(line, index + 1, `${name}:${index + 1}`));
  }
  return examples;
}

function parseExample(text: string, line: number, where: string): Example {
  let value: unknown;
  try {
    value = JSON.parse(text, /\d{16}/.test(text) ? exactIntegers : undefined);
  } catch (cause) {
    throw new IngotError("JSON_MALFORMED", { what: `is not JSON (${(cause as Error).message})`, where, cause });
  }
  const refuse = (what: string): never => {
    throw new IngotError("JSON_MALFORMED", { what, where, fix: 'a row is {"inputs": {…}, "outputs": {…}}' });
  };
  if (!isRecord(value)) return refuse("is not a JSON object");
  const keys = ["inputs", "outputs", "intermediate", "about"];
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    const near = nearest(unknown, keys);
    refuse(`unknown key ${quoted(unknown)}${near ? `, did you mean \`${near}\`?` : ""}`);
  }
  const { inputs, outputs, about, intermediate } = value;
  if (!isRecord(inputs)) return refuse("`inputs` is not an object");
  if (about !== undefined && typeof about !== "string") return refuse("`about` is not a text");
  if (intermediate !== undefined && !isRecord(intermediate)) return refuse("`intermediate` is not an object");
  const told = { ...(about === undefined ? {} : { about }), ...(intermediate === undefined ? {} : { intermediate }) };
  if (outputs === undefined) return { line, inputs, ...told };
  if (!isRecord(outputs)) return refuse("`outputs` is not an object");
  return { line, inputs, outputs, ...told };
}

/** Integers that a double cannot hold arrive as bigint, never rounded. */
function exactIntegers(_key: string, value: unknown, context?: { source: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value) || !/^-?\d+$/.test(context?.source ?? "")) return value;
  return BigInt(context!.source);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
