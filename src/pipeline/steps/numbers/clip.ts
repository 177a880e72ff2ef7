// Rule: numpy.clip (numpy/_core/_methods.py, _clip): NaN stays NaN.
import { z } from "zod";
import { step } from "../../step.ts";
import { columnwise, numberColumns, perColumn, perColumnOption, selectNumbers } from "./columnwise.ts";

const options = z.strictObject({
  columns: numberColumns,
  min: perColumnOption.optional().describe("Smaller values become this one: a number, a list, or a map by column"),
  max: perColumnOption.optional().describe("Larger values become this one"),
});

export const clip = step({
  name: "clip",
  about: "Keep numbers between two bounds",
  family: "numbers",
  options,
  example: "clip: { columns: [age], min: 0, max: 120 }",
  reference: "numpy.clip",
  plan({ columns: names, min = -Infinity, max = Infinity }, frame) {
    const columns = selectNumbers(frame, names);
    const low = perColumn(frame, columns, min, "min");
    const high = perColumn(frame, columns, max, "max");
    const odd = low.findIndex((value, at) => value > high[at]!);
    if (odd >= 0) throw frame.refuse(`\`min\` ${low[odd]} is above \`max\` ${high[odd]}`, { option: "min" });
    return columnwise({
      columns,
      // Max and Min of ONNX pass NaN on in every runtime; Clip does not in all.
      emit(x, per, { g }) {
        const above = low.some((value) => value > -Infinity) ? g.op("Max", [x, per(low)]) : x;
        return high.some((value) => value < Infinity) ? g.op("Min", [above, per(high)]) : above;
      },
      evaluate: (value, at) => (value < low[at]! ? low[at]! : value > high[at]! ? high[at]! : value),
    });
  },
});
