// Rule: sklearn.utils.murmurhash3_32(text, seed, positive=True) % buckets, over the text's UTF-8.
import { z } from "zod";
import { int64, murmur3 } from "../../../onnx/index.ts";
import { step } from "../../step.ts";

const encoder = new TextEncoder();

export const hash = step({
  name: "hash",
  about: "One of a fixed number of buckets for each text, without a list of categories",
  family: "texts",
  options: z.strictObject({
    columns: z.array(z.string()).min(1).describe("Columns of texts that are never missing"),
    buckets: z
      .int()
      .min(2)
      .max(2 ** 30)
      .describe("How many"),
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .default(0)
      .describe("Of MurmurHash3"),
  }),
  example: "hash: { columns: [user_agent], buckets: 1024 }",
  reference: "sklearn.utils.murmurhash3_32",
  plan({ columns: names, buckets, seed }, frame) {
    const columns = frame.select(names);
    for (const { name, dtype, missing } of columns) {
      if (dtype !== "string")
        throw frame.refuse(`column \`${name}\` is ${dtype}, not text`, { option: "columns", fix: "`cast` it" });
      if (missing)
        throw frame.refuse(`column \`${name}\` may be missing`, { option: "columns", fix: "`impute` it first" });
    }
    return {
      reads: columns.map(({ name }) => name),
      writes: columns.map(({ name, shape }) => ({ name, shape, dtype: "int64", missing: false })),
      emit: (values, { g }) =>
        values.map((value) => {
          const results = [{ dtype: "uint32" as const, shape: value.shape }];
          const hashed = g.op("MurmurHash3", [value], { positive: 1, seed }, { domain: "com.microsoft", results });
          return g.op("Mod", [g.op("Cast", [hashed], { to: 7 }), g.constant(int64([buckets], []))]);
        }),
      evaluate: (tensors) =>
        tensors.map(({ dims, data }) =>
          int64(
            (data as string[]).map((text) => (murmur3(encoder.encode(text), seed) >>> 0) % buckets),
            dims,
          ),
        ),
    };
  },
});
