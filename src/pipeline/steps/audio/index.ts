// Steps on audio: decoding on the host, everything else in the graph.
import type { Step } from "../../step.ts";
import { decodeAudio } from "./decode_audio.ts";
import { frame } from "./frame.ts";
import { logMel } from "./log_mel.ts";
import { mfcc } from "./mfcc.ts";
import { resample } from "./resample.ts";
import { stft } from "./stft.ts";

// biome-ignore format: one step per line
export const audio: readonly Step[] = [
  decodeAudio as Step,
  resample as Step,
  frame as Step,
  stft as Step,
  logMel as Step,
  mfcc as Step,
];
