// Steps on texts.
import type { Step } from "../../step.ts";
import { decodeTokens, entities } from "./token_answers.ts";
import { tokenize } from "./tokenize.ts";

// biome-ignore format: one step per line
export const texts: readonly Step[] = [
  tokenize as Step,
  decodeTokens as Step,
  entities as Step,
];
