// Images: front checks of JPEG, PNG and WebP, and the decoders behind them.
import { decodeImage } from "../src/pipeline/images/decode.ts";

export const name = "image";

export async function target(bytes: Uint8Array): Promise<void> {
  await decodeImage(bytes, { mode: "rgb", alpha: "drop", orientation: "apply", maxBytes: 2 ** 20, maxPixels: 2 ** 18 });
}
