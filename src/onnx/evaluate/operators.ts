// The table of operators that the evaluator has, by domain.
import { alongAxis } from "./along_axis.ts";
import { cast } from "./cast.ts";
import { convolution } from "./convolution.ts";
import { elementwise } from "./elementwise.ts";
import { gatherTile } from "./gather_tile.ts";
import type { Operator } from "./kernel.ts";
import { labelEncoder } from "./label_encoder.ts";
import { layout } from "./layout.ts";
import { suppression } from "./non_max_suppression.ts";
import { rangePad } from "./range_pad.ts";
import { resizing } from "./resize.ts";
import { scatter } from "./scatter.ts";
import { scatterByPosition } from "./scatter_nd.ts";
import { microsoft, text } from "./text.ts";
import { treeEnsemble } from "./tree_ensemble.ts";

export const operators: Readonly<Record<string, Readonly<Record<string, Operator>>>> = {
  "": {
    ...elementwise,
    ...layout,
    ...rangePad,
    ...gatherTile,
    ...alongAxis,
    ...scatter,
    ...scatterByPosition,
    ...convolution,
    ...resizing,
    ...suppression,
    ...text,
    Cast: cast,
  },
  "ai.onnx.ml": { TreeEnsemble: treeEnsemble, LabelEncoder: labelEncoder },
  "com.microsoft": microsoft,
};
