// Whether variants can stand in for each other after a request was decoded for one of them.
import { IngotError, type InputSpec, type OutputSpec, type Schema } from "../../core/index.ts";
import type { ServedModel } from "../served_model.ts";
import type { ModelPlan } from "./deployment_file.ts";

/** @throws IngotError DEPLOYMENT_REFUSED naming the first difference */
export function mustFit(plan: ModelPlan, members: ReadonlyMap<string, ServedModel>): void {
  const answering = plan.variants.filter(({ shadow }) => shadow === null).map(({ name }) => members.get(name)!);
  const reason = plan.sticky?.by === "field" ? "sticky by a field" : plan.fallback === null ? null : "a fallback";
  const [first, ...others] = answering;
  if (reason !== null)
    for (const other of others) {
      const difference = schemaDifference(first!.schema, other.schema);
      if (difference !== null)
        throw refusal(
          plan,
          `${reason} needs variants with one schema: ${first!.variant} and ${other.variant} differ in ${difference}`,
        );
    }
  if (plan.sticky?.by === "field" && !first!.schema.inputs.some(({ name }) => name === plan.sticky!.name))
    throw refusal(plan, `there is no input \`${plan.sticky.name}\` to assign by`);
  for (const { name, shadow } of plan.variants) {
    if (shadow === null) continue;
    const known = new Set(answering.flatMap((model) => model.schema.inputs.map((input) => input.name)));
    const absent = members
      .get(name)!
      .schema.inputs.find((input) => !known.has(input.name) && input.missing !== "allow");
    if (absent) throw refusal(plan, `the shadow ${name} needs an input \`${absent.name}\` that requests do not have`);
  }
}

/** The first input or output in which two schemas differ; null when tensors of one are tensors of the other. */
function schemaDifference(a: Schema, b: Schema): string | null {
  const input = differing(a.inputs, b.inputs, ({ name, dtype, shape, layout }: InputSpec) => [
    name,
    dtype,
    shape,
    layout,
  ]);
  if (input !== null) return `input ${input}`;
  const output = differing(a.outputs, b.outputs, ({ name, dtype, shape, layout, classes }: OutputSpec) => [
    name,
    dtype,
    shape,
    layout,
    classes,
  ]);
  return output === null ? null : `output ${output}`;
}

function differing<T extends { readonly name: string }>(
  a: readonly T[],
  b: readonly T[],
  form: (spec: T) => unknown,
): string | null {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [left, right] = [a[i], b[i]];
    if (!left || !right || JSON.stringify(form(left)) !== JSON.stringify(form(right))) return (left ?? right)!.name;
  }
  return null;
}

function refusal(plan: ModelPlan, what: string): IngotError {
  return new IngotError("DEPLOYMENT_REFUSED", { what, where: `models.${plan.name}` });
}
