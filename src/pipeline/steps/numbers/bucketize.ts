// Rule: numpy.digitize: how many edges are at most the value (`right`: below it); NaN comes after all of them. With labels a missing number
// has a missing label.
import { z } from "zod";
import { float64, int64, strings } from "../../../onnx/index.ts";
import { missingText } from "../../emission.ts";
import { step } from "../../step.ts";
import { asFloat64, numberColumns, selectNumbers } from "./columnwise.ts";

export const bucketize = step({
  name: "bucketize",
  about: "Which of the ranges between edges a number lies in: 0 below the first edge",
  family: "numbers",
  options: z.strictObject({
    columns: numberColumns,
    edges: z.array(z.number()).min(1).max(4096).describe("Rising"),
    right: z.boolean().default(false).describe("Whether a number on an edge belongs to the range below it"),
    labels: z
      .array(z.string())
      .min(2)
      .optional()
      .describe("Names of the ranges, one more than edges: the result is text"),
  }),
  example: "bucketize: { columns: [age], edges: [18, 30, 50, 65], labels: [minor, young, middle, older, retired] }",
  reference: "numpy.digitize",
  plan({ columns: names, edges, right, labels }, frame) {
    const columns = selectNumbers(frame, names);
    const odd = edges.findIndex((edge, at) => at > 0 && !(edge > edges[at - 1]!));
    if (odd >= 0) throw frame.refuse("`edges` must rise", { option: ["edges", odd] });
    if (labels && labels.length !== edges.length + 1)
      throw frame.refuse(`${edges.length} edges make ${edges.length + 1} ranges, \`labels\` names ${labels.length}`, {
        option: "labels",
      });
    return {
      reads: columns.map(({ name }) => name),
      writes: columns.map(({ name, shape, missing }) =>
        labels
          ? { name, dtype: "string" as const, shape, missing, categories: labels }
          : { name, dtype: "int64" as const, shape, missing: false },
      ),
      emit: (values, { g }) =>
        values.map((value, at) => {
          const x = asFloat64(g, value);
          // Counted from the front: ONNX Runtime forgets a negative axis where there are no records.
          const last = g.constant(int64([columns[at]!.shape.length + 1]));
          const apart = g.op("Unsqueeze", [x, last]);
          const isAbove = g.op(right ? "Greater" : "GreaterOrEqual", [apart, g.constant(float64(edges), "edges")]);
          const count = g.op("ReduceSum", [g.op("Cast", [isAbove], { to: 7 }), last], { keepdims: 0 });
          const isMissing = g.op("IsNaN", [x]);
          if (!labels) return g.op("Where", [isMissing, g.constant(int64([edges.length], [])), count]);
          const label = g.op("Gather", [g.constant(strings(labels), "labels"), count]);
          return g.op("Where", [isMissing, g.constant(strings([missingText], [])), label]);
        }),
      evaluate: (tensors) =>
        tensors.map(({ dims, data }) => {
          const places = Array.from(data as ArrayLike<number | bigint>, (value) => {
            const x = Number(value);
            if (Number.isNaN(x)) return -1;
            return edges.filter((edge) => (right ? edge < x : edge <= x)).length;
          });
          if (labels)
            return strings(
              places.map((place) => (place < 0 ? missingText : labels[place]!)),
              dims,
            );
          return int64(
            places.map((place) => (place < 0 ? edges.length : place)),
            dims,
          );
        }),
    };
  },
});
