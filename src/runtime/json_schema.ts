// The schema of a package as JSON Schema 2020-12, for OpenAPI documents and editors.
import type { ColumnType, InputSpec, OutputSpec, Schema, TextForm } from "../core/index.ts";

type JsonSchema = Readonly<Record<string, unknown>>;

const jsonTypes: Readonly<Record<ColumnType, string>> = {
  float: "number",
  int: "integer",
  bool: "boolean",
  string: "string",
  bytes: "string",
};

/** Schemas of one input record and one output record. */
export function openApiSchemas(schema: Schema): { input: JsonSchema; output: JsonSchema } {
  return {
    input: {
      type: "object",
      properties: Object.fromEntries(schema.inputs.map((input) => [input.name, inputSchema(input)])),
      required: schema.inputs.filter((input) => input.missing !== "allow").map((input) => input.name),
      additionalProperties: false,
    },
    output: {
      type: "object",
      properties: Object.fromEntries(schema.outputs.map((output) => [output.name, outputSchema(output)])),
      required: schema.outputs.map((output) => output.name),
      additionalProperties: false,
    },
  };
}

function inputSchema(input: InputSpec): JsonSchema {
  const { min, max, missing } = input;
  if (input.unread) return { description: "The model does not read it: any value, null, or left out." };
  const types = [jsonTypes[input.type]];
  if (input.booleans === "allow") types.push("boolean");
  if (missing === "allow" && input.shape.length === 0) types.push("null");
  const scalar: JsonSchema = {
    type: types.length > 1 ? types : types[0],
    ...(input.type === "bytes" ? { contentEncoding: "base64" } : {}),
    ...(min === undefined ? {} : { minimum: min }),
    ...(max === undefined ? {} : { maximum: max }),
    ...(input.categories && input.categories.length > 0 ? { examples: input.categories.slice(0, 50) } : {}),
  };
  const notes = [
    input.description,
    input.unit && `Unit: ${input.unit}.`,
    input.categories && "Other values are treated as the source library treats values it has not seen.",
    missing === "allow" && "May be missing: null, or left out.",
    input.text && formNote(input.text),
  ].filter(Boolean);
  return { ...nested(scalar, input.shape), ...(notes.length > 0 ? { description: notes.join(" ") } : {}) };
}

/** Requests may hold any text; what is said here concerns who runs the graph without Ingot. */
function formNote({ lowercase, stripAccents }: TextForm): string {
  const form = [lowercase && "in lower case", stripAccents && `without accents (${stripAccents})`].filter(Boolean);
  return `Read ${form.join(" and ")}. Send any text: it is brought into that form before it reaches the graph.`;
}

function outputSchema(output: OutputSpec): JsonSchema {
  // NaN and infinities travel as words.
  const scalar: JsonSchema =
    output.type === "float"
      ? { anyOf: [{ type: "number" }, { enum: ["NaN", "Infinity", "-Infinity"] }] }
      : { type: jsonTypes[output.type] };
  const { classes } = output;
  const notes = [output.description, output.unit && `Unit: ${output.unit}.`].filter(Boolean);
  const about = notes.length > 0 ? { description: notes.join(" ") } : {};
  if (!classes || output.shape.length === 0) return { ...nested(scalar, output.shape), ...about };
  const byClass: JsonSchema = {
    type: "object",
    properties: Object.fromEntries(classes.map((name) => [name, scalar])),
    required: classes,
  };
  return { ...nested(byClass, output.shape.slice(0, -1)), ...about };
}

function nested(inner: JsonSchema, shape: InputSpec["shape"]): JsonSchema {
  return shape.reduceRight<JsonSchema>(
    (items, dim) => ({ type: "array", items, ...(typeof dim === "number" ? { minItems: dim, maxItems: dim } : {}) }),
    inner,
  );
}
