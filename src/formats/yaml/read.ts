// YAML as inert values: no tags, few aliases, keys as they stand.
import { IngotError } from "../../core/index.ts";
import type { FileSource } from "../format.ts";
import type { JsonValue } from "../json/index.ts";

/** Descriptions of models are short; a parser of YAML is slow on what is not. */
const largest = 4 << 20;
const deepest = 100;

/** @throws FILE_MALFORMED, FILE_TOO_LARGE */
export async function readYaml(file: FileSource): Promise<JsonValue> {
  const text = Buffer.from(await file.readAll(largest)).toString("utf8");
  // Loaded where it is needed: few files are described in YAML.
  const { LineCounter, parseDocument } = await import("yaml");
  const lines = new LineCounter();
  let value: unknown;
  try {
    const document = parseDocument(text, { schema: "core", lineCounter: lines, merge: false, uniqueKeys: true });
    const [error] = document.errors;
    if (error) throw error;
    value = document.toJS({ mapAsMap: true, maxAliasCount: 100 });
  } catch (cause) {
    throw new IngotError("FILE_MALFORMED", {
      what: `is no YAML: ${(cause instanceof Error ? cause.message : String(cause)).split("\n", 1)[0]!.slice(0, 200)}`,
      where: file.name,
      cause,
    });
  }
  return inert(value, file.name, 0);
}

function inert(value: unknown, where: string, depth: number): JsonValue {
  if (depth > deepest) throw new IngotError("FILE_MALFORMED", { what: `nests deeper than ${deepest}`, where });
  if (Array.isArray(value)) return value.map((item) => inert(item, where, depth + 1));
  if (value instanceof Map)
    return new Map([...value].map(([key, item]) => [String(key), inert(item, where, depth + 1)]));
  if (value === null || ["boolean", "number", "bigint", "string"].includes(typeof value)) return value as JsonValue;
  return value === undefined ? null : String(value);
}
