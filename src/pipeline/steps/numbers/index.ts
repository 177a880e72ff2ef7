// Steps on columns of numbers.
import type { Step } from "../../step.ts";
import { bucketize } from "./bucketize.ts";
import { clip } from "./clip.ts";
import { log1p } from "./log1p.ts";
import { normalize } from "./normalize.ts";
import { polynomial } from "./polynomial.ts";
import { power } from "./power.ts";
import { maxAbs, minMax, robust, standardize } from "./scale.ts";

// biome-ignore format: one step per line
export const numbers: readonly Step[] = [
  clip as Step,
  standardize as Step,
  minMax as Step,
  maxAbs as Step,
  robust as Step,
  normalize as Step,
  log1p as Step,
  power as Step,
  bucketize as Step,
  polynomial as Step,
];
