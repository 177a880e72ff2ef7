import { z } from "zod";
import { emitLog1p } from "../../near_zero.ts";
import { step } from "../../step.ts";
import { columnwise, numberColumns, selectNumbers } from "./columnwise.ts";

export const log1p = step({
  name: "log1p",
  about: "log(1 + x), accurate near 0; below -1 there is no number",
  family: "numbers",
  options: z.strictObject({ columns: numberColumns }),
  example: "log1p: { columns: [income] }",
  reference: "numpy.log1p",
  plan({ columns: names }, frame) {
    const columns = selectNumbers(frame, names);
    return columnwise({
      columns,
      inexact: true,
      missing: () => true,
      emit: (x, _per, { g }) => emitLog1p(g, x),
      evaluate: Math.log1p,
    });
  },
});
