// decode_image on the host: files in, `[height, width, channels]` bytes out.
import { z } from "zod";
import { IngotError } from "../../core/index.ts";
import { int64, uint8 } from "../../onnx/index.ts";
import type { HostKind, HostResult } from "../host.ts";
import { decodeImage } from "../images/decode.ts";
import { fileBytes } from "./file_bytes.ts";

const settingsSchema = z.strictObject({
  mode: z.enum(["rgb", "grey", "rgba"]),
  alpha: z.union([
    z.enum(["drop", "refuse"]),
    z.tuple([z.int().min(0).max(255), z.int().min(0).max(255), z.int().min(0).max(255)]),
  ]),
  orientation: z.enum(["apply", "ignore"]),
  maxBytes: z.int().positive(),
  maxPixels: z.int().positive(),
  /** Whether the size of the image is a result too. */
  tellsSize: z.boolean(),
});

export type DecodeImageSettings = z.infer<typeof settingsSchema>;

export const decodeImageKind: HostKind = {
  kind: "decode_image",
  async open(settings) {
    const parsed = settingsSchema.safeParse(settings);
    if (!parsed.success)
      throw new IngotError("PACKAGE_INVALID", {
        what: `settings of decode_image: ${parsed.error.issues[0]?.message}`,
      });
    return {
      async run([files = []]) {
        const results: HostResult[] = [];
        // One after the other: what is held at one time is one image and its pixels.
        for (const file of files) results.push(await decodedOrRefused(file, parsed.data));
        return results;
      },
    };
  },
};

async function decodedOrRefused(file: unknown, settings: DecodeImageSettings): Promise<HostResult> {
  try {
    const { height, width, channels, data } = await decodeImage(fileBytes(file, settings.maxBytes), settings);
    const image = uint8(data, [height, width, channels]);
    return settings.tellsSize ? [image, int64([height, width])] : [image];
  } catch (error) {
    if (error instanceof IngotError) return error;
    throw error;
  }
}
