// The project file ingot.yaml: one definition gives its types, its checks and the JSON Schema for editors.
import { z } from "zod";
import { IngotError, nearest, quoted } from "../core/index.ts";
import { type DeclaredStep, declaredSteps, stepsJsonSchema } from "../pipeline/index.ts";
import { nameProblem, versionProblem } from "./reference.ts";
import { parseYaml, type YamlSource } from "./yaml_source.ts";

const scalar = z.union([z.string(), z.number()]);
const step = z.union([z.record(z.string(), z.unknown()), z.string()]);

const inputEntry = z.strictObject({
  column: z.string().optional().describe("The model's own name of this column, when the input is called otherwise"),
  type: z.enum(["float", "int", "bool", "string", "bytes"]).optional(),
  shape: z
    .array(
      z.union([
        z
          .int()
          .min(1)
          .max(2 ** 24),
        z.null(),
      ]),
    )
    .min(1)
    .max(6)
    .optional()
    .describe("Sizes of one record's value, such as [24] for a window of 24 numbers; null varies"),
  categories: z.array(scalar).min(1).optional().describe("The values, in the model's order"),
  min: z.number().optional(),
  max: z.number().optional(),
  missing: z.enum(["allow", "refuse"]).optional().describe("Whether a record may leave it out or send null"),
  unit: z.string().optional(),
  description: z.string().optional(),
});

const outputEntry = z.strictObject({
  type: z.enum(["float", "int", "bool", "string"]).optional(),
  classes: z.array(scalar).min(2).optional().describe("Names of the classes, in the model's order"),
  unit: z.string().optional(),
  description: z.string().optional(),
});

const scanEntry = z.strictObject({
  allow: z
    .array(
      z.strictObject({
        rule: z.string().min(1).describe("Id of a rule, as `ingot rules` lists it"),
        reason: z.string().min(1).max(1000).describe("Why it is no danger here; recorded in the package"),
      }),
    )
    .optional(),
  unknown: z.enum(["allow", "refuse"]).optional().describe("Whether bytes that no reader understands may be packed"),
});

const projectFile = z.strictObject({
  name: checkedText(nameProblem).describe("What the package is called: lower case, parts joined by . _ - or /"),
  version: checkedText(versionProblem).describe("MAJOR.MINOR.PATCH"),
  model: z.string().min(1).describe("The trained model, relative to this file; any format that `ingot formats` lists"),
  description: z.string().max(2000).optional(),
  license: z
    .string()
    .regex(/^[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*$/, "must be an SPDX expression, like Apache-2.0 or MIT")
    .optional()
    .describe("SPDX expression"),
  inputs: z.record(z.string(), inputEntry).optional().describe("Names, types and bounds beyond what the model says"),
  preprocess: z.array(step).optional().describe("Steps before the model"),
  outputs: z.record(z.string(), outputEntry).optional(),
  postprocess: z.array(step).optional().describe("Steps after the model"),
  examples: z.string().optional().describe('JSONL file: {"inputs": {...}, "outputs": {...}} per line'),
  environment: z.string().optional().describe("requirements.txt, uv.lock, conda.yaml … of the training environment"),
  metrics: z
    .union([z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])), z.string()])
    .optional()
    .describe("Name and value, or a JSON file of them"),
  files: z.array(z.string()).optional().describe("Other files to carry along, relative to this one"),
  tolerance: z
    .strictObject({ absolute: z.number().min(0).default(0), relative: z.number().min(0).default(0) })
    .optional()
    .describe("How far outputs may be from the examples, where the default does not fit"),
  scan: scanEntry.optional().describe("What `ingot pack` lets pass although its scan refuses it"),
  rounds: z.int().positive().optional().describe("Use the trees up to this boosting round only"),
  dialect: z
    .enum(["exact", "compact"])
    .optional()
    .describe("compact: the graph in float32, for small devices; default exact: the library's own numbers"),
  missing_value: z.number().optional().describe("A number that means missing, besides NaN"),
});

export type Project = z.infer<typeof projectFile>;

/** A project and where each of its values stands. */
export interface ParsedProject {
  readonly project: Project;
  readonly steps: { readonly before: readonly DeclaredStep[]; readonly after: readonly DeclaredStep[] };
  where(path: readonly PropertyKey[], offset?: number): string;
}

/** JSON Schema (draft 2020-12) of ingot.yaml, for editors: written to docs/ingot.schema.json. */
export function projectJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(projectFile, { io: "input" });
  const steps = stepsJsonSchema();
  return {
    title: "ingot.yaml",
    ...schema,
    properties: {
      ...schema.properties,
      preprocess: { description: "Steps before the model", ...steps },
      postprocess: { description: "Steps after the model", ...steps },
    },
  };
}

/** @throws IngotError PROJECT_INVALID at line and column */
export function parseProject(bytes: Uint8Array, name = "ingot.yaml"): ParsedProject {
  const source = parseYaml(bytes, name, "PROJECT_INVALID");
  if (source.value === null || typeof source.value !== "object" || Array.isArray(source.value))
    throw new IngotError("PROJECT_INVALID", { what: "is not a map of keys", where: name, fix: "begin with `name: …`" });
  const parsed = projectFile.safeParse(source.value);
  if (!parsed.success) throw projectError(parsed.error.issues, source);
  checkRanges(parsed.data, source);
  const { preprocess = [], postprocess = [] } = parsed.data;
  const steps = {
    before: declaredSteps(preprocess, "before", source.where),
    after: declaredSteps(postprocess, "after", source.where),
  };
  return { project: parsed.data, steps, where: source.where };
}

function checkRanges(project: Project, source: YamlSource): void {
  for (const [name, input] of Object.entries(project.inputs ?? {})) {
    const refuse = (what: string): never => {
      throw new IngotError("PROJECT_INVALID", {
        what: `inputs.${name}: ${what}`,
        where: source.where(["inputs", name]),
      });
    };
    const { min, max, categories = [] } = input;
    if (min !== undefined && max !== undefined && min > max) refuse(`\`min\` ${min} is above \`max\` ${max}`);
    if (new Set(categories.map((value) => typeof value)).size > 1) refuse("`categories` mixes text and numbers");
    if (new Set(categories).size < categories.length) refuse("`categories` names a value twice");
  }
}

function checkedText(problem: (text: string) => string | null) {
  return z.string().superRefine((text, context) => {
    const message = problem(text);
    if (message !== null) context.addIssue({ code: "custom", message });
  });
}

function projectError(issues: readonly z.core.$ZodIssue[], source: YamlSource): IngotError {
  // An unknown key first: it is often the reason why a known one is absent.
  const issue = issues.find((candidate) => candidate.code === "unrecognized_keys") ?? issues[0]!;
  const label = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0]!;
    const known = knownKeys(issue.path);
    const near = nearest(key, known);
    return new IngotError("PROJECT_INVALID", {
      what: `unknown key \`${key}\`${label ? ` in ${label}` : ""}${near ? `, did you mean \`${near}\`?` : ""}`,
      where: source.where([...issue.path, key]),
      fix: `the keys here are ${known.join(", ")}`,
    });
  }
  const value = issue.path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    source.value,
  );
  if (value === undefined)
    return new IngotError("PROJECT_INVALID", {
      what: `\`${label}\` is missing`,
      where: source.where(issue.path),
      fix: `add \`${label}: …\` (\`ingot init <model>\` writes a whole file)`,
    });
  return new IngotError("PROJECT_INVALID", {
    what: `\`${label}\` ${messageOf(issue, label, value)}, got ${quoted(value)}`,
    where: source.where(issue.path),
  });
}

function messageOf(issue: z.core.$ZodIssue, label: string, value: unknown): string {
  // YAML reads 1.0 as a number.
  if (label === "version" && typeof value === "number") return "must be MAJOR.MINOR.PATCH, like 1.0.0";
  const isOwn = issue.code === "custom" || (issue.code === "invalid_format" && issue.message.startsWith("must"));
  return isOwn ? issue.message : `is not right: ${lowerFirst(issue.message)}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function knownKeys(path: readonly PropertyKey[]): string[] {
  if (path[0] === "scan") return path.length === 1 ? Object.keys(scanEntry.shape) : ["rule", "reason"];
  const shape =
    path.length === 0 ? projectFile : path[0] === "inputs" ? inputEntry : path[0] === "outputs" ? outputEntry : null;
  return shape === null ? ["absolute", "relative"] : Object.keys(shape.shape);
}
