// Steps on the boxes that detection models answer.
import type { Step } from "../../step.ts";

export const boxes: readonly Step[] = [];
