// Steps on the boxes that detection models answer.
import type { Step } from "../../step.ts";
import { decodeBoxes } from "./decode_boxes.ts";
import { selectBoxes } from "./select_boxes.ts";
import { trim } from "./trim.ts";

// biome-ignore format: one step per line
export const boxes: readonly Step[] = [
  decodeBoxes as Step,
  selectBoxes as Step,
  trim as Step,
];
