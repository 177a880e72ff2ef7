// What the project file adds to what the model says: names and classes before conversion, bounds and units after.
import type { ConvertOptions } from "../convert/index.ts";
import { IngotError, type InputSpec, nearest, type OutputSpec, type Schema } from "../core/index.ts";
import type { ModelDescription } from "../formats/index.ts";
import type { ProjectContent } from "../pipeline/index.ts";
import { isFloat } from "./compare.ts";
import { preparedNames } from "./compose.ts";
import type { ParsedProject, Project } from "./project.ts";

type InputEntry = NonNullable<Project["inputs"]>[string];

/** @throws IngotError PROJECT_INVALID naming the nearest column */
export function convertOptions(
  parsed: ParsedProject,
  description: ModelDescription,
  content: ProjectContent,
): ConvertOptions {
  const { project } = ownOfModel(parsed, description, content);
  const outputs = project.outputs ?? {};
  const classes = outputs["label"]?.classes ?? outputs["probabilities"]?.classes;
  const inputs = project.inputs === undefined ? undefined : inputOptions({ ...parsed, project }, description);
  return {
    ...(inputs === undefined ? {} : { inputs }),
    ...(classes === undefined ? {} : { classes }),
    ...(project.rounds === undefined ? {} : { rounds: project.rounds }),
    ...(project.dialect === undefined ? {} : { dialect: project.dialect }),
    ...(project.missing_value === undefined ? {} : { missing: project.missing_value }),
  };
}

/** With steps before the model, `inputs:` describes what comes in: the model is told only of what reaches it untouched. */
function ownOfModel(parsed: ParsedProject, description: ModelDescription, content: ProjectContent): ParsedProject {
  const { project, steps } = parsed;
  if (steps.before.length === 0 || project.inputs === undefined) return parsed;
  for (const [name, { column }] of Object.entries(project.inputs))
    if (column !== undefined)
      throw new IngotError("PROJECT_INVALID", {
        what: `inputs.${name}: \`column\` is for models without \`preprocess\``,
        where: parsed.where(["inputs", name, "column"]),
        fix: `use a step: \`rename: { columns: { ${name}: ${column} } }\``,
      });
  const prepared = preparedNames(parsed, description, content);
  const columns = new Set(description.inputs.map((column) => column.name));
  const inputs = Object.entries(project.inputs).filter(([name]) => columns.has(name) && !prepared.has(name));
  const { inputs: _, ...others } = project;
  return { ...parsed, project: inputs.length === 0 ? others : { ...project, inputs: Object.fromEntries(inputs) } };
}

function inputOptions(parsed: ParsedProject, description: ModelDescription): ConvertOptions["inputs"] {
  const entries = Object.entries(parsed.project.inputs ?? {});
  const columns = description.inputs.map((column) => column.name);
  const [only] = description.inputs;
  const width = description.inputs.length === 1 && only!.shape.length === 1 ? only!.shape[0] : null;
  if (typeof width === "number" && !entries.some(([name, entry]) => (entry.column ?? name) === only!.name)) {
    if (entries.length === width) return entries.map(([name, entry]) => option(name, entry));
    throw new IngotError("PROJECT_INVALID", {
      what: `the model has ${width} columns without names, \`inputs\` names ${entries.length}`,
      where: parsed.where(["inputs"]),
      fix: `name all ${width} in the order of training, or describe the one input \`${only!.name}\``,
    });
  }
  const byColumn = new Map<string, [string, InputEntry]>();
  for (const [name, entry] of entries) {
    const column = entry.column ?? name;
    if (!columns.includes(column)) throw unknownName("column", column, columns, parsed.where(["inputs", name]));
    if (byColumn.has(column))
      throw new IngotError("PROJECT_INVALID", {
        what: `two inputs are the model's column \`${column}\``,
        where: parsed.where(["inputs", name]),
      });
    byColumn.set(column, [name, entry]);
  }
  const options = description.inputs.map((column) => {
    const [name, entry] = byColumn.get(column.name) ?? [column.name, {}];
    return option(name, ownCategories(column, name, entry, parsed));
  });
  const names = options.map((input) => input.name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined)
    throw new IngotError("PROJECT_INVALID", {
      what: `two inputs would be called \`${twice}\``,
      where: parsed.where(["inputs", twice]),
    });
  return options;
}

/** Categories that the file names are the file's: the project may repeat them, but not change what a code means. */
function ownCategories(
  column: ModelDescription["inputs"][number],
  name: string,
  entry: InputEntry,
  parsed: ParsedProject,
): InputEntry {
  const { categories, ...others } = entry;
  const known = column.categories;
  if (categories === undefined || known === undefined) return entry;
  if (known.length === categories.length && categories.every((value) => known.includes(value))) return others;
  throw new IngotError("PROJECT_INVALID", {
    what: `inputs.${name}: the model itself says its categories: ${known.slice(0, 8).join(", ")}${known.length > 8 ? " …" : ""}`,
    where: parsed.where(["inputs", name, "categories"]),
    fix: "leave `categories` out",
  });
}

function option(name: string, entry: InputEntry) {
  return {
    name,
    ...(entry.type === undefined ? {} : { type: entry.type }),
    ...(entry.categories === undefined ? {} : { categories: entry.categories }),
  };
}

/**
 * The schema of the converted model with what the project says about its inputs and outputs.
 * @param ofModel the model's own, where steps stand around it: what they drop may be described
 * @throws PROJECT_INVALID
 */
export function mergeSchema(schema: Schema, parsed: ParsedProject, ofModel: Schema = schema): Schema {
  const { inputs = {}, outputs = {} } = parsed.project;
  for (const [kind, declared, known] of [
    ["input", inputs, schema.inputs],
    ["output", outputs, schema.outputs],
  ] as const) {
    const names = known.map((spec) => spec.name);
    const hidden = kind === "output" ? ofModel.outputs.map((spec) => spec.name) : [];
    for (const name of Object.keys(declared))
      if (!names.includes(name) && !hidden.includes(name))
        throw unknownName(kind, name, names, parsed.where([`${kind}s`, name]));
  }
  return {
    inputs: schema.inputs.map((spec) => mergeInput(spec, own(inputs, spec.name), parsed)),
    outputs: schema.outputs.map((spec) => mergeOutput(spec, own(outputs, spec.name), parsed)),
  };
}

function mergeInput(spec: InputSpec, entry: InputEntry | undefined, parsed: ParsedProject): InputSpec {
  if (entry === undefined) return spec;
  const refuse = (what: string, key: string, fix?: string): never => {
    throw new IngotError("PROJECT_INVALID", {
      what: `inputs.${spec.name}: ${what}`,
      where: parsed.where(["inputs", spec.name, key]),
      fix,
    });
  };
  const type = entry.type ?? spec.type;
  if ((type === "bytes") !== (spec.type === "bytes"))
    refuse("bytes of a file are read by a step such as `decode_image`, and by it only", "type");
  if ((type === "string" || type === "bytes") !== (spec.dtype === "string"))
    refuse(`the model reads ${spec.dtype === "string" ? "text" : "numbers"} here, not ${type}`, "type");
  const bounded = entry.min !== undefined || entry.max !== undefined;
  if (bounded && type === "string") refuse("text has no `min` or `max`", entry.min === undefined ? "max" : "min");
  if (entry.missing === "allow" && spec.missing !== "allow" && !isFloat(spec.dtype))
    refuse(
      "the model has no way to say that a value is missing here",
      "missing",
      "leave `missing` out, or send a value that stands for it",
    );
  if (
    entry.shape &&
    (entry.shape.length !== spec.shape.length || entry.shape.some((size, i) => size !== null && size !== spec.shape[i]))
  )
    refuse(`\`shape\` is [${spec.shape.map((size) => size ?? "null")}] here`, "shape");
  const { categories } = entry;
  if (categories !== undefined) {
    if (categories.some((value) => (typeof value === "string") !== (type === "string")))
      refuse(`\`categories\` must be ${type === "string" ? "text" : "numbers"} here`, "categories");
  }
  return {
    ...spec,
    type,
    ...(entry.missing === undefined ? {} : { missing: entry.missing }),
    ...(categories === undefined || spec.categories !== undefined
      ? {}
      : { categories: categories as string[] | number[] }),
    ...(entry.min === undefined ? {} : { min: entry.min }),
    ...(entry.max === undefined ? {} : { max: entry.max }),
    ...(entry.unit === undefined ? {} : { unit: entry.unit }),
    ...(entry.description === undefined ? {} : { description: entry.description }),
  };
}

function mergeOutput(
  spec: OutputSpec,
  entry: NonNullable<Project["outputs"]>[string] | undefined,
  parsed: ParsedProject,
): OutputSpec {
  if (entry === undefined) return spec;
  const refuse = (what: string, key: string): never => {
    throw new IngotError("PROJECT_INVALID", {
      what: `outputs.${spec.name}: ${what}`,
      where: parsed.where(["outputs", spec.name, key]),
    });
  };
  if (entry.type !== undefined && entry.type !== spec.type)
    refuse(`the model gives ${spec.type}, not ${entry.type}`, "type");
  const width = spec.shape.at(-1);
  if (entry.classes !== undefined && typeof width === "number" && width !== entry.classes.length)
    refuse(`the model has ${width} classes, \`classes\` names ${entry.classes.length}`, "classes");
  if (entry.classes !== undefined && spec.role !== "label" && spec.shape.length === 0)
    refuse("a single number has no classes", "classes");
  return {
    ...spec,
    ...(entry.unit === undefined ? {} : { unit: entry.unit }),
    ...(entry.description === undefined ? {} : { description: entry.description }),
    ...(entry.classes === undefined || spec.shape.length === 0 || spec.classes !== undefined
      ? {}
      : { classes: entry.classes.map(String) }),
  };
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function unknownName(kind: string, name: string, known: readonly string[], where: string): IngotError {
  const near = nearest(name, known);
  return new IngotError("PROJECT_INVALID", {
    what: `the model has no ${kind} \`${name}\`${near ? `, did you mean \`${near}\`?` : ""}`,
    where,
    fix: `it has ${known.slice(0, 20).join(", ")}${known.length > 20 ? ` and ${known.length - 20} more` : ""}`,
  });
}
