// Steps on windows of a time series.
import type { Step } from "../../step.ts";
import { difference } from "./difference.ts";
import { lag } from "./lag.ts";
import { rolling } from "./rolling.ts";

// biome-ignore format: one step per line
export const series: readonly Step[] = [
  lag as Step,
  difference as Step,
  rolling as Step,
];
