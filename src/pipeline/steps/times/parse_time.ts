import { z } from "zod";
import { step } from "../../step.ts";

export const parseTime = step({
  name: "parse_time",
  about: "Dates and times of ISO 8601 as seconds since 1970 (UTC where no offset is named); on the host",
  family: "columns",
  options: z.strictObject({
    columns: z.array(z.string()).min(1).describe("Columns of texts such as 2024-05-31 or 2024-05-31T17:30:00+02:00"),
    invalid: z
      .enum(["reject", "missing"])
      .default("reject")
      .describe("What any other text does: the record is refused, or the value is missing"),
  }),
  example: "parse_time: { columns: [departure] }",
  reference: "pandas.to_datetime(utc=True)",
  plan({ columns: names, invalid }, frame) {
    const columns = frame.select(names);
    const wrong = columns.find(({ dtype, shape, isBytes }) => dtype !== "string" || shape.length > 0 || isBytes);
    if (wrong) throw frame.refuse(`column \`${wrong.name}\` is not one text per record`, { option: "columns" });
    return {
      reads: columns.map(({ name }) => name),
      writes: columns.map(({ name, missing }) => ({
        name,
        dtype: "float64",
        shape: [],
        missing: missing || invalid === "missing",
        unit: "s",
      })),
      host: { kind: "parse_time", settings: { columns: columns.map(({ name }) => name), invalid } },
    };
  },
});
