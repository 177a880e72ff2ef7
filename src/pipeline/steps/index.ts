// The table of steps: what `preprocess:` and `postprocess:` may name. `ingot steps` prints it, docs/steps.md is made from it.
import type { Step } from "../step.ts";
import { answers } from "./answers/index.ts";
import { audio } from "./audio/index.ts";
import { boxes } from "./boxes/index.ts";
import { categories } from "./categories/index.ts";
import { columns } from "./columns/index.ts";
import { custom } from "./custom.ts";
import { images } from "./images/index.ts";
import { numbers } from "./numbers/index.ts";
import { series } from "./series/index.ts";
import { texts } from "./texts/index.ts";
import { times } from "./times/index.ts";

// biome-ignore format: one folder per line
export const steps: readonly Step[] = [
  ...columns,
  ...numbers,
  ...times,
  ...categories,
  ...texts,
  custom as Step,
  ...images,
  ...audio,
  ...series,
  ...boxes,
  ...answers,
];
