// The options of a step as people read them, from the definition that checks them.
import { z } from "zod";
import type { Step } from "./step.ts";

export interface StepOption {
  readonly name: string;
  /** `number`, `list of text`, `yes | no` … */
  readonly type: string;
  readonly isRequired: boolean;
  /** As YAML, where there is one. */
  readonly default?: string;
  readonly about: string;
}

interface Json {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Json[];
  readonly items?: Json;
  readonly prefixItems?: readonly Json[];
  readonly additionalProperties?: Json | boolean;
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly default?: unknown;
}

/** One row per option; a step whose options are names of one's own has the row `<name>`. */
export function stepOptions(step: Step): StepOption[] {
  const schema = z.toJSONSchema(step.options, { io: "input" }) as Json;
  if (!schema.properties) {
    const value = typeof schema.additionalProperties === "object" ? schema.additionalProperties : {};
    return [{ name: "<name>", type: typeText(value), isRequired: true, about: schema.description ?? "" }];
  }
  return Object.entries(schema.properties).map(([name, option]) => ({
    name,
    type: typeText(option),
    isRequired: schema.required?.includes(name) ?? false,
    ...(option.default === undefined ? {} : { default: JSON.stringify(option.default) }),
    about: option.description ?? "",
  }));
}

const words: Readonly<Record<string, string>> = {
  string: "text",
  number: "number",
  integer: "integer",
  boolean: "true or false",
  null: "null",
  object: "map",
  array: "list",
};

function typeText(json: Json): string {
  if (json.enum) return json.enum.join(" | ");
  if (json.const !== undefined) return String(json.const);
  if (json.anyOf) return [...new Set(json.anyOf.map(typeText))].join(" or ");
  if (json.type === "array") return json.items ? `list of ${typeText(json.items)}` : "list";
  if (json.type === "object" && typeof json.additionalProperties === "object")
    return `map to ${typeText(json.additionalProperties)}`;
  return words[json.type ?? ""] ?? "value";
}
