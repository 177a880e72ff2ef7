// decode_image: the contents of an image file become pixels, on the host.
import { z } from "zod";
import type { DecodeImageSettings } from "../../host/decode_image.ts";
import { channelsOfMode } from "../../images/decode.ts";
import { usualLimits } from "../../images/image_limits.ts";
import { type Column, step } from "../../step.ts";

const level = z.int().min(0).max(255);

const options = z.strictObject({
  column: z
    .string()
    .describe(
      "The input of type `bytes`: a JPEG, PNG or WebP; its pixels take its place, `[height, width, channels]` of uint8",
    ),
  mode: z
    .enum(["rgb", "grey", "rgba"])
    .default("rgb")
    .describe("Channels: 3, 1 or 4. Grey images are repeated in `rgb`; `grey` is Pillow's `L`"),
  alpha: z
    .union([z.enum(["drop", "refuse"]), z.tuple([level, level, level])])
    .default("drop")
    .describe("Transparency in `rgb` and `grey`: left out (Pillow's `convert`), refused, or laid over this colour"),
  orientation: z
    .enum(["apply", "ignore"])
    .default("apply")
    .describe("Whether the EXIF orientation is applied (Pillow's `ImageOps.exif_transpose`)"),
  max_bytes: z
    .int()
    .positive()
    .max(2 ** 28)
    .default(usualLimits.maxBytes)
    .describe("Larger files are refused"),
  max_pixels: z
    .int()
    .positive()
    .max(2 ** 27)
    .default(usualLimits.maxPixels)
    .describe("Images that claim more pixels are refused before memory is taken"),
  size: z
    .string()
    .optional()
    .describe("A column for `[height, width]` of the decoded image, for boxes after the model"),
});

export const decodeImageStep = step({
  name: "decode_image",
  about: "Decode an image file (JPEG, PNG, WebP) on the host",
  family: "images",
  options,
  example: "decode_image: { column: image }",
  reference: "Pillow: ImageOps.exif_transpose(Image.open(file)).convert('RGB')",
  plan({ column: name, mode, alpha, orientation, max_bytes: maxBytes, max_pixels: maxPixels, size }, frame) {
    const column = frame.column(name);
    if (!column.isBytes)
      throw frame.refuse(`column \`${name}\` is ${column.dtype}, not the contents of a file`, {
        option: "column",
        fix: `declare it under \`inputs:\` as \`${name}: { type: bytes }\``,
      });
    if (size === name) throw frame.refuse("`size` needs a name of its own", { option: "size" });
    const settings: DecodeImageSettings = {
      mode,
      alpha,
      orientation,
      maxBytes,
      maxPixels,
      tellsSize: size !== undefined,
    };
    const image: Column = {
      name,
      dtype: "uint8",
      shape: [`${name}_height`, `${name}_width`, channelsOfMode[mode]],
      missing: false,
    };
    const sizes: Column[] = size === undefined ? [] : [{ name: size, dtype: "int64", shape: [2], missing: false }];
    return { reads: [name], writes: [image, ...sizes], host: { kind: "decode_image", settings } };
  },
});
