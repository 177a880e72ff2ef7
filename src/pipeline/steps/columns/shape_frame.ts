// Steps that compute nothing: which columns go on, and under which names.
import { z } from "zod";
import { step } from "../../step.ts";

const columns = z.array(z.string()).min(1).describe("Names of columns; `*` at the end of a name matches");

export const select = step({
  name: "select",
  about: "Keep these columns, drop all others",
  family: "columns",
  options: z.strictObject({ columns }),
  example: "select: { columns: [age, 'pixel_*'] }",
  reference: "pandas.DataFrame.loc",
  plan({ columns: names }, frame) {
    const kept = new Set(frame.select(names).map(({ name }) => name));
    return { reads: [], writes: [], drops: frame.columns.map(({ name }) => name).filter((name) => !kept.has(name)) };
  },
});

export const drop = step({
  name: "drop",
  about: "Drop columns",
  family: "columns",
  options: z.strictObject({ columns }),
  example: "drop: { columns: [margin] }",
  reference: "pandas.DataFrame.drop",
  plan: ({ columns: names }, frame) => ({ reads: [], writes: [], drops: frame.select(names).map(({ name }) => name) }),
});

export const rename = step({
  name: "rename",
  about: "Give columns other names",
  family: "columns",
  options: z.strictObject({ columns: z.record(z.string(), z.string().min(1)).describe("Old name: new name") }),
  example: "rename: { columns: { age_years: age } }",
  reference: "pandas.DataFrame.rename",
  plan({ columns: names }, frame) {
    const old = Object.keys(names);
    const writes = old.map((name) => ({ ...frame.column(name), name: names[name]! }));
    const twice = writes.find(({ name }, at) => writes.findIndex((other) => other.name === name) < at);
    if (twice) throw frame.refuse(`two columns would be called \`${twice.name}\``, { option: "columns" });
    return { reads: old, writes, drops: old };
  },
});
