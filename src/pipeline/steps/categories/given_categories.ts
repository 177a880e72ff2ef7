// Categories of columns as options give them: one list for all, a list per column, or what the inputs declare.
import { z } from "zod";
import type { Column, Frame } from "../../step.ts";
import { type Category, checkCategories } from "./lookup.ts";

const list = z.array(z.union([z.string(), z.number(), z.null()])).min(1);

export const categoriesOption = z
  .union([list, z.record(z.string(), list)])
  .optional()
  .describe(
    "The values in order (null: a missing one): a list for all columns, or a map by column; default: those that `inputs` declares",
  );

export type CategoriesOption = z.infer<typeof categoriesOption>;

/** One list per column. */
export function givenCategories(frame: Frame, columns: readonly Column[], option: CategoriesOption): Category[][] {
  if (option !== undefined && !Array.isArray(option))
    for (const name of Object.keys(option))
      if (!columns.some((column) => column.name === name))
        throw frame.refuse(`\`categories\` names \`${name}\`, which is not among the columns`, {
          option: ["categories", name],
        });
  return columns.map((column) => {
    const own = option === undefined ? column.categories : Array.isArray(option) ? option : option[column.name];
    if (own === undefined)
      throw frame.refuse(`the categories of \`${column.name}\` are not known`, {
        option: "categories",
        fix: `give \`categories\`, or \`inputs.${column.name}.categories\``,
      });
    checkCategories(frame, column, own, [
      "categories",
      ...(option === undefined || Array.isArray(option) ? [] : [column.name]),
    ]);
    return [...own];
  });
}
