// trim: lists of as many elements as a record has. Graphs answer batches, whose lists are of one length; this stands behind them, on the host.
import { z } from "zod";
import { step } from "../../step.ts";

const options = z.strictObject({
  columns: z
    .array(z.string())
    .min(1)
    .max(100)
    .describe("Lists, such as those of `select_boxes`: `[boxes, scores, labels]`"),
  count: z.string().default("count").describe("Column with the number of elements that count; it ends here"),
});

export const trim = step({
  name: "trim",
  about: "Cut lists to the number of elements that each record has; on the host, last",
  family: "answers",
  options,
  example: "trim: { columns: [boxes, scores, labels] }",
  reference: "x[:count]",
  plan({ columns: names, count }, frame) {
    const columns = frame.select(names);
    const flat = columns.find(({ shape }) => shape.length === 0);
    if (flat) throw frame.refuse(`column \`${flat.name}\` is no list`, { option: "columns" });
    const counts = frame.column(count);
    if (counts.dtype !== "int64" || counts.shape.length > 0)
      throw frame.refuse(`column \`${count}\` is ${counts.dtype}, not one whole number`, { option: "count" });
    return {
      reads: [...columns.map(({ name }) => name), count],
      writes: columns.map((column) => ({ ...column, shape: [null, ...column.shape.slice(1)] })),
      drops: [count],
      host: { kind: "trim", settings: { lists: columns.length } },
    };
  },
});
