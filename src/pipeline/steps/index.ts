// The table of steps: what `preprocess:` and `postprocess:` may name. `ingot steps` prints it, docs/steps.md is made from it.
import type { Step } from "../step.ts";
import { answers } from "./answers/index.ts";
import { clip } from "./clip.ts";
import { images } from "./images/index.ts";
import { texts } from "./texts/index.ts";

// biome-ignore format: one step per line
export const steps: readonly Step[] = [
  clip as Step,
  ...images,
  ...answers,
  ...texts,
];
