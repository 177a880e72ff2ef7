// Steps on images: decoding on the host, everything else in the graph.
import type { Step } from "../../step.ts";
import { centerCrop } from "./center_crop.ts";
import { channelOrder } from "./channel_order.ts";
import { decodeImageStep } from "./decode_image.ts";
import { fiveCrop } from "./five_crop.ts";
import { layout } from "./layout.ts";
import { normalizeImage } from "./normalize_image.ts";
import { pad } from "./pad.ts";
import { rescale } from "./rescale.ts";
import { resize } from "./resize.ts";

// biome-ignore format: one step per line
export const images: readonly Step[] = [
  decodeImageStep as Step,
  resize as Step,
  centerCrop as Step,
  fiveCrop as Step,
  pad as Step,
  rescale as Step,
  normalizeImage as Step,
  channelOrder as Step,
  layout as Step,
];
