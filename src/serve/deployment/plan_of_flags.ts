// A deployment from the words of a command line: packages, and variants of the first one.
import { IngotError, quoted } from "../../core/index.ts";
import { parseReference } from "../../package/index.ts";
import type { DeploymentPlan, ModelPlan, VariantPlan } from "./deployment_file.ts";

/** What all weights add up to when only some are given. */
const whole = 100;

/**
 * @param packages references; each is served under its package's name
 * @param variants `name=package,10` (weight) or `name=package,shadow`, of the first package, whose own variant is `main` and takes
 * what is left of 100
 * @throws IngotError USAGE, REFERENCE_INVALID
 */
export function planOfFlags(packages: readonly string[], variants: readonly string[] = []): DeploymentPlan {
  const models = packages.map((reference): ModelPlan => {
    const { name } = parseReference(reference);
    const main = { name: "main", package: reference, weight: whole, shadow: null };
    return { name, variants: [main], sticky: null, fallback: null, guardrails: null };
  });
  const names = models.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined)
    throw usage(
      `${quoted(twice)} is named twice`,
      `serve another version beside it as \`--variant next=${twice}:…,10\``,
    );
  const others = variants.map(variantOf);
  const [first, ...rest] = models;
  if (!first) throw usage("there is nothing to serve", "name a package, or a file with `-f deployment.yaml`");
  const left = whole - others.reduce((sum, { weight }) => sum + weight, 0);
  if (left < 0)
    throw usage(`the weights of the variants add up to ${whole - left}`, `main takes what is left of ${whole}`);
  const main = { ...first.variants[0]!, weight: left };
  return { models: [{ ...first, variants: [main, ...others] }, ...rest], keepPreviousMs: 600_000, predictions: null };
}

function variantOf(text: string): VariantPlan {
  const [, name, reference, share] = /^([A-Za-z0-9][A-Za-z0-9._-]{0,62})=([^,]+)(?:,([^,]+))?$/.exec(text) ?? [];
  if (name === undefined || reference === undefined)
    throw usage(`cannot read the variant ${quoted(text)}`, "write it as name=package,10 or name=package,shadow");
  if (name === "main")
    throw usage("`main` is the package that is named without --variant", "give this variant another name");
  parseReference(reference);
  if (share === "shadow") return { name, package: reference, weight: 0, shadow: 1 };
  const weight = Number(share ?? Number.NaN);
  if (!(weight >= 0 && weight <= whole))
    throw usage(`variant ${name} needs a weight from 0 to ${whole}, got ${quoted(share ?? "")}`, "name=package,10");
  return { name, package: reference, weight, shadow: null };
}

function usage(what: string, fix: string): IngotError {
  return new IngotError("USAGE", { what, where: "ingot serve", fix });
}
