// Steps on columns of categories.
import type { Step } from "../../step.ts";
import { cross } from "./cross.ts";
import { hash } from "./hash.ts";
import { oneHot } from "./one_hot.ts";
import { ordinal } from "./ordinal.ts";
import { frequencyEncode, targetEncode } from "./table.ts";

// biome-ignore format: one step per line
export const categories: readonly Step[] = [
  oneHot as Step,
  ordinal as Step,
  targetEncode as Step,
  frequencyEncode as Step,
  hash as Step,
  cross as Step,
];
