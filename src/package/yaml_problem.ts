// From what a zod schema says of a YAML file to one error that a person can act on: the key, its line, what is near.
import { z } from "zod";
import { type ErrorCode, IngotError, nearest, quoted } from "../core/index.ts";
import type { YamlSource } from "./yaml_source.ts";

/** The most telling of the issues as one error, at line and column; the keys that would be right come from the schema itself. */
export function yamlProblem(
  issues: readonly z.core.$ZodIssue[],
  schema: z.ZodType,
  source: YamlSource,
  code: ErrorCode,
): IngotError {
  // An unknown key first: it is often the reason why a known one is absent.
  const issue = issues.find((candidate) => candidate.code === "unrecognized_keys") ?? issues[0]!;
  const label = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0]!;
    const known = keysAt(schema, issue.path);
    const near = nearest(key, known);
    return new IngotError(code, {
      what: `unknown key \`${key}\`${label ? ` in ${label}` : ""}${near ? `, did you mean \`${near}\`?` : ""}`,
      where: source.where([...issue.path, key]),
      fix: `the keys here are ${known.join(", ")}`,
    });
  }
  const value = issue.path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key],
    source.value,
  );
  const where = source.where(issue.path);
  if (value === undefined)
    return new IngotError(code, { what: `\`${label}\` is missing`, where, fix: `add \`${label}: …\`` });
  const message = issue.code === "custom" ? issue.message : `is not right: ${lowerFirst(issue.message)}`;
  return new IngotError(code, { what: `\`${label}\` ${message}, got ${quoted(value)}`, where });
}

function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const inner = path.reduce<z.ZodType | null>((current, key) => current && memberOf(current, key), schema);
  const plain = inner && unwrapped(inner);
  return plain instanceof z.ZodObject ? Object.keys(plain.shape) : [];
}

function memberOf(schema: z.ZodType, key: PropertyKey): z.ZodType | null {
  const plain = unwrapped(schema);
  if (plain instanceof z.ZodObject) return (plain.shape[String(key)] as z.ZodType | undefined) ?? null;
  if (plain instanceof z.ZodRecord) return plain.valueType as z.ZodType;
  return plain instanceof z.ZodArray ? (plain.element as z.ZodType) : null;
}

/** Without what only says that a value may be absent. */
function unwrapped(schema: z.ZodType): z.ZodType {
  let plain = schema;
  while (plain instanceof z.ZodOptional || plain instanceof z.ZodDefault) plain = plain.unwrap() as z.ZodType;
  return plain;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
