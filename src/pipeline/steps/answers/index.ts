// Steps on what a model answered.
import type { Step } from "../../step.ts";
import { argmax } from "./argmax.ts";
import { calibrate } from "./calibrate.ts";
import { abstain, confidence } from "./confidence.ts";
import { l2Normalize, meanPool } from "./embeddings.ts";
import { group, pick } from "./group.ts";
import { inverseLog } from "./inverse_log.ts";
import { inverseMinMax, inverseStandardize } from "./inverse_scale.ts";
import { labelMap } from "./label_map.ts";
import { round } from "./round.ts";
import { sigmoid } from "./sigmoid.ts";
import { softmax } from "./softmax.ts";
import { threshold } from "./threshold.ts";
import { topK } from "./top_k.ts";

// biome-ignore format: one step per line
export const answers: readonly Step[] = [
  softmax as Step,
  sigmoid as Step,
  argmax as Step,
  topK as Step,
  threshold as Step,
  calibrate as Step,
  labelMap as Step,
  inverseStandardize as Step,
  inverseMinMax as Step,
  inverseLog as Step,
  round as Step,
  group as Step,
  pick as Step,
  confidence as Step,
  abstain as Step,
  meanPool as Step,
  l2Normalize as Step,
];
