// Steps on texts.
import type { Step } from "../../step.ts";
import { textFeatures } from "./text_features.ts";
import { textForm } from "./text_form.ts";
import { countTerms, tfidf } from "./tfidf.ts";
import { decodeTokens, entities } from "./token_answers.ts";
import { tokenize } from "./tokenize.ts";

// biome-ignore format: one step per line
export const texts: readonly Step[] = [
  textForm as Step,
  textFeatures as Step,
  countTerms as Step,
  tfidf as Step,
  tokenize as Step,
  decodeTokens as Step,
  entities as Step,
];
