import { z } from "zod";
import type { Column } from "../step.ts";
import { step } from "../step.ts";

const type = z.enum(["float", "int", "bool", "string"]);
const output = z.union([
  type,
  z.strictObject({
    type: type.describe("What it is"),
    shape: z.array(z.int().min(0)).max(8).default([]).describe("Sizes of a list of lists; default: one value"),
    missing: z.enum(["allow", "refuse"]).default("refuse").describe("Whether it may be null (floats and texts)"),
  }),
]);

const options = z.strictObject({
  module: z.string().describe("TypeScript or JavaScript module beside ingot.yaml; what it imports is bundled with it"),
  function: z
    .string()
    .default("default")
    .describe("Name of the export: a function from a record to an object with the outputs"),
  inputs: z.array(z.string()).min(1).describe("Columns that it reads; missing values are null"),
  outputs: z.record(z.string(), output).describe("What it returns, by name: a type, or type, shape and missing"),
  timeout_ms: z.int().min(1).max(60_000).default(1000).describe("Longest time for one record"),
  memory_mb: z.int().min(1).max(1024).default(64).describe("Most memory for one record"),
});

/** Where the bundle of a module stands in the package. */
export function bundlePath(module: string): string {
  return `steps/${module
    .replace(/^\.\//, "")
    .replace(/\.[cm]?[jt]s$/, "")
    .replaceAll(/[^A-Za-z0-9_/-]/g, "_")}.js`;
}

export const custom = step({
  name: "custom",
  about:
    "A function of yours, one record at a time, in a sandbox without network, files, clock and randomness; on the host",
  family: "custom",
  options,
  example: "custom: { module: features.ts, inputs: [height, weight], outputs: { bmi: float } }",
  reference: "the module itself",
  modules: ({ module }) => [module],
  plan(given, frame) {
    const columns = given.inputs.map((name) => frame.column(name));
    const bytes = columns.find(({ isBytes }) => isBytes);
    if (bytes)
      throw frame.refuse(`column \`${bytes.name}\` is bytes, which no custom step reads`, { option: "inputs" });
    if (!/^[A-Za-z_$][\w$]*$/.test(given.function))
      throw frame.refuse(`\`${given.function}\` is no name of an export`, { option: "function" });
    const outputs = Object.entries(given.outputs).map(([name, out]) =>
      typeof out === "string"
        ? { name, type: out, shape: [], missing: false }
        : { name, type: out.type, shape: out.shape, missing: out.missing === "allow" },
    );
    if (outputs.length === 0) throw frame.refuse("has no outputs", { option: "outputs" });
    const never = outputs.find(({ type: kind, missing }) => missing && (kind === "int" || kind === "bool"));
    if (never)
      throw frame.refuse(`\`${never.name}\` is ${never.type}, which cannot be missing`, {
        option: ["outputs", never.name],
        fix: "declare a float",
      });
    const module = bundlePath(given.module);
    return {
      reads: given.inputs,
      writes: outputs.map(({ name, type: kind, shape, missing }): Column => {
        const dtype = ({ float: "float64", int: "int64", bool: "bool", string: "string" } as const)[kind];
        return { name, dtype, shape, missing };
      }),
      host: {
        kind: "custom",
        settings: {
          module,
          map: `${module}.map`,
          exported: given.function,
          inputs: [...given.inputs],
          outputs,
          timeoutMs: given.timeout_ms,
          memoryMb: given.memory_mb,
          isAfter: frame.place === "after",
        },
        files: [module, `${module}.map`],
      },
    };
  },
});
