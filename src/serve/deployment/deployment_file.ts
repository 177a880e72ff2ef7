// deployment.yaml: which packages serve which traffic. One definition gives its types, its checks and the JSON Schema for editors.
import { z } from "zod";
import { IngotError } from "../../core/index.ts";
import { parseYaml, type YamlSource, yamlProblem } from "../../package/index.ts";

const share = z.number().min(0).max(1);
const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h)$/)
  .describe("A number and a unit: 500ms, 30s, 10m, 2h");
const label = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

const variantEntry = z.strictObject({
  package: z.string().min(1).describe("Reference of a package: name, name:version, either with @sha256:…"),
  weight: z
    .number()
    .min(0)
    .max(1e6)
    .optional()
    .describe("Share of the traffic, relative to the other variants; default 1"),
  shadow: z
    .union([z.boolean(), share])
    .optional()
    .describe(
      "Answers nobody: gets a copy of this share of the requests (true = all) and is compared with the answer given",
    ),
});

const guardrails = z.strictObject({
  minimum_requests: z.int().min(20).default(200).describe("No verdict before both sides have answered this many"),
  error_rate: share
    .optional()
    .describe("How much higher the share of failed requests (5xx) may be than the previous version's, absolute"),
  latency_ratio: z
    .number()
    .min(1)
    .optional()
    .describe("How many times the previous version's 95th percentile is too slow"),
  confidence: z
    .number()
    .min(0.5)
    .max(0.999999)
    .default(0.999)
    .describe("Probability of never rolling back a version that is no worse, however often it is looked at"),
});

const modelEntry = z.strictObject({
  package: z.string().min(1).optional().describe("The one package of a model without variants"),
  variants: z.record(z.string(), variantEntry).optional(),
  sticky: z
    .strictObject({
      header: z
        .string()
        .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/)
        .optional(),
      cookie: z
        .string()
        .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/)
        .optional(),
      field: z.string().min(1).optional().describe("Name of an input: records are assigned by their value of it"),
    })
    .optional()
    .describe("What keeps a caller on one variant; without it every request is assigned by chance"),
  fallback: z.string().optional().describe("Variant that answers when the chosen one fails inside"),
  guardrails: guardrails.optional().describe("When a new version goes back to the previous one by itself"),
});

const predictionLog = z.strictObject({
  folder: z.string().min(1),
  format: z.enum(["jsonl", "parquet"]).default("jsonl"),
  sample: share.default(1).describe("Share of the requests, chosen by request id"),
  redact: z.array(z.string()).optional().describe("Inputs and outputs that are not written"),
  rotate_mb: z.number().positive().default(64).describe("A file is closed when it is this large"),
  keep_mb: z.number().positive().default(1024).describe("The oldest files go when the folder is larger"),
});

const deploymentFile = z.strictObject({
  models: z
    .record(z.string().min(1).max(200), modelEntry)
    .describe("What is served, by the name in URLs; the first one answers /predict"),
  keep_previous: duration.default("10m").describe("How long the previous versions stay warm: rolling back is instant"),
  predictions: predictionLog.optional().describe("Log of requests and answers"),
});

export type Guardrails = z.infer<typeof guardrails>;
export type PredictionLogEntry = z.infer<typeof predictionLog>;
export type Sticky = { readonly by: "header" | "cookie" | "field"; readonly name: string };

export interface VariantPlan {
  readonly name: string;
  readonly package: string;
  readonly weight: number;
  /** Share of requests that are mirrored to it; null = it answers. */
  readonly shadow: number | null;
}

export interface ModelPlan {
  readonly name: string;
  readonly variants: readonly VariantPlan[];
  readonly sticky: Sticky | null;
  readonly fallback: string | null;
  readonly guardrails: Guardrails | null;
}

/** What is to be served: checked, defaults filled in. Plain data, sent between processes as JSON. */
export interface DeploymentPlan {
  readonly models: readonly ModelPlan[];
  readonly keepPreviousMs: number;
  readonly predictions: PredictionLogEntry | null;
}

/** JSON Schema (draft 2020-12) of deployment.yaml, for editors: written to docs/deployment.schema.json. */
export function deploymentJsonSchema(): Record<string, unknown> {
  return { title: "deployment.yaml", ...z.toJSONSchema(deploymentFile, { io: "input" }) };
}

/** YAML, hence JSON too. @throws IngotError DEPLOYMENT_INVALID at line and column */
export function parseDeployment(bytes: Uint8Array, name = "deployment.yaml"): DeploymentPlan {
  const source = parseYaml(bytes, name, "DEPLOYMENT_INVALID");
  if (source.value === null || typeof source.value !== "object" || Array.isArray(source.value))
    throw refusal("is not a map of keys", name, "begin with `models:`");
  const parsed = deploymentFile.safeParse(source.value);
  if (!parsed.success) throw yamlProblem(parsed.error.issues, deploymentFile, source, "DEPLOYMENT_INVALID");
  const models = Object.entries(parsed.data.models).map(([model, entry]) => modelPlan(model, entry, source));
  if (models.length === 0)
    throw refusal("`models` names none", source.where(["models"]), "add one: `income: { package: income }`");
  return {
    models,
    keepPreviousMs: milliseconds(parsed.data.keep_previous),
    predictions: parsed.data.predictions ?? null,
  };
}

function modelPlan(name: string, entry: z.infer<typeof modelEntry>, source: YamlSource): ModelPlan {
  const refuse = (what: string, ...at: string[]): never => {
    throw refusal(`models.${name}: ${what}`, source.where(["models", name, ...at]));
  };
  if ((entry.package === undefined) === (entry.variants === undefined))
    refuse("needs either `package` or `variants`", ...(entry.package === undefined ? [] : ["package"]));
  const entries = entry.variants ?? { main: { package: entry.package! } };
  const variants = Object.entries(entries).map(([variant, given]): VariantPlan => {
    if (!label.test(variant))
      refuse(`\`${variant}\` is no name of a variant (letters, digits, . _ -)`, "variants", variant);
    const shadow = given.shadow === true ? 1 : given.shadow === false ? null : (given.shadow ?? null);
    if (shadow !== null && given.weight !== undefined)
      refuse(`variant \`${variant}\` is a shadow: it takes no \`weight\``, "variants", variant, "weight");
    return { name: variant, package: given.package, weight: shadow === null ? (given.weight ?? 1) : 0, shadow };
  });
  if (!variants.some((variant) => variant.weight > 0)) refuse("no variant has a `weight` above 0", "variants");
  const { fallback } = entry;
  if (fallback !== undefined && !variants.some((variant) => variant.name === fallback && variant.shadow === null))
    refuse(`\`fallback\` names no variant that answers: there is ${answering(variants)}`, "fallback");
  const sticky = Object.entries(entry.sticky ?? {}) as [Sticky["by"], string][];
  if (entry.sticky !== undefined && sticky.length !== 1)
    refuse("`sticky` takes one of header, cookie, field", "sticky");
  const [by, what] = sticky[0] ?? [];
  return {
    name,
    variants,
    sticky: by === undefined ? null : { by, name: what! },
    fallback: fallback ?? null,
    guardrails: entry.guardrails ?? null,
  };
}

function answering(variants: readonly VariantPlan[]): string {
  return variants
    .filter((variant) => variant.shadow === null)
    .map((variant) => variant.name)
    .join(", ");
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** @param text matches `duration` */
function milliseconds(text: string): number {
  const [, amount, unit] = /^([\d.]+)(ms|s|m|h)$/.exec(text)!;
  return Number(amount) * units[unit!]!;
}

function refusal(what: string, where: string, fix?: string): IngotError {
  return new IngotError("DEPLOYMENT_INVALID", { what, where, fix });
}
