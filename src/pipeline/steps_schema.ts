// The JSON Schema of `preprocess:` and `postprocess:`, from the same definitions that check them.
import { z } from "zod";
import { steps } from "./steps/index.ts";

/** A list of maps, each with one of the steps' names as its key. */
export function stepsJsonSchema(): Record<string, unknown> {
  const properties = Object.fromEntries(
    steps.map(({ name, about, options }) => {
      const { $schema: _, ...schema } = z.toJSONSchema(options, { io: "input" });
      return [name, { description: about, ...schema }];
    }),
  );
  const plain = steps.filter(({ options }) => options.safeParse({}).success).map(({ name }) => name);
  const map = { type: "object", properties, additionalProperties: false, minProperties: 1, maxProperties: 1 };
  return { type: "array", items: plain.length === 0 ? map : { anyOf: [map, { enum: plain }] } };
}
