// The table of operators that the evaluator has, by domain.
import { alongAxis } from "./along_axis.ts";
import { cast } from "./cast.ts";
import { elementwise } from "./elementwise.ts";
import { gatherTile } from "./gather_tile.ts";
import type { Operator } from "./kernel.ts";
import { labelEncoder } from "./label_encoder.ts";
import { layout } from "./layout.ts";
import { scatter } from "./scatter.ts";
import { microsoft, text } from "./text.ts";
import { treeEnsemble } from "./tree_ensemble.ts";

export const operators: Readonly<Record<string, Readonly<Record<string, Operator>>>> = {
  "": { ...elementwise, ...layout, ...gatherTile, ...alongAxis, ...scatter, ...text, Cast: cast },
  "ai.onnx.ml": { TreeEnsemble: treeEnsemble, LabelEncoder: labelEncoder },
  "com.microsoft": microsoft,
};
