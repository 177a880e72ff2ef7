// Steps on columns of any type.
import type { Step } from "../../step.ts";
import { cast } from "./cast.ts";
import { cleanText } from "./clean_text.ts";
import { compute } from "./compute.ts";
import { impute } from "./impute.ts";
import { drop, rename, select } from "./shape_frame.ts";
import { stack } from "./stack.ts";
import { validate } from "./validate.ts";

// biome-ignore format: one step per line
export const columns: readonly Step[] = [
  select as Step,
  drop as Step,
  rename as Step,
  cast as Step,
  validate as Step,
  impute as Step,
  compute as Step,
  cleanText as Step,
  stack as Step,
];
