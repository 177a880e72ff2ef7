// An image file as pixels, the way Pillow gives them: `ImageOps.exif_transpose(Image.open(file)).convert(mode)`.
import { IngotError } from "../../core/index.ts";
import { checkSize, type ImageLimits, usualLimits } from "./image_limits.ts";
import { isJpeg, readJpegFile } from "./jpeg_file.ts";
import { isPng, readPngFile } from "./png_file.ts";
import { decodePng } from "./png_pixels.ts";
import { decodeJpeg, decodeWebp } from "./wasm_codec.ts";
import { isWebp, readWebpFile } from "./webp_file.ts";

export type ColourMode = "rgb" | "grey" | "rgba";

export interface DecodeImageOptions extends Partial<ImageLimits> {
  readonly mode: ColourMode;
  /** What becomes of transparency in `rgb` and `grey`: left out, refused, or laid over a colour. */
  readonly alpha: "drop" | "refuse" | readonly [number, number, number];
  /** Whether the EXIF orientation is applied. */
  readonly orientation: "apply" | "ignore";
}

export interface Image {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** `[height, width, channels]` */
  readonly data: Uint8Array;
}

interface Rgba {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export const channelsOfMode: Readonly<Record<ColourMode, number>> = { rgb: 3, grey: 1, rgba: 4 };

/** @throws IngotError FILE_TOO_LARGE, FILE_TRUNCATED, FILE_MALFORMED, DECOMPRESSION_BOMB, FORMAT_UNKNOWN */
export async function decodeImage(bytes: Uint8Array, options: DecodeImageOptions): Promise<Image> {
  const limits: ImageLimits = {
    maxBytes: options.maxBytes ?? usualLimits.maxBytes,
    maxPixels: options.maxPixels ?? usualLimits.maxPixels,
  };
  if (bytes.length > limits.maxBytes)
    throw new IngotError("FILE_TOO_LARGE", {
      what: `an image file of ${bytes.length} bytes, at most ${limits.maxBytes} are read`,
      fix: "send a smaller file, or raise `max_bytes` of `decode_image`",
    });
  const { orientation, ...stored } = await decoded(bytes, limits);
  const upright = options.orientation === "apply" ? turned(stored, orientation) : stored;
  checkSize(upright.width, upright.height, limits);
  return inMode(upright, options);
}

async function decoded(bytes: Uint8Array, limits: ImageLimits): Promise<Rgba & { orientation: number }> {
  if (isJpeg(bytes)) {
    const file = readJpegFile(bytes, limits);
    return { ...file, data: await decodeJpeg(file.bytes, file.width, file.height) };
  }
  if (isPng(bytes)) {
    const file = readPngFile(bytes, limits);
    return { ...file, data: await decodePng(file) };
  }
  if (isWebp(bytes)) {
    const file = readWebpFile(bytes, limits);
    return { ...file, data: await decodeWebp(file.bytes, file.width, file.height) };
  }
  throw new IngotError("FORMAT_UNKNOWN", {
    what: bytes.length === 0 ? "no bytes, where an image was expected" : "bytes that are no JPEG, PNG or WebP",
    fix: "save the image as one of these",
  });
}

/** Rule: EXIF 2.3, orientation; as `ImageOps.exif_transpose`. */
function turned({ width, height, data }: Rgba, orientation: number): Rgba {
  if (orientation === 1) return { width, height, data };
  const isTransposed = orientation >= 5;
  const [w, h] = isTransposed ? [height, width] : [width, height];
  // Where the pixel of the result stands in the file.
  const from = (x: number, y: number): number => {
    const [a, b] = isTransposed ? [y, x] : [x, y];
    const isMirrored = [2, 3, 7, 8].includes(orientation);
    const isUpsideDown = [3, 4, 6, 7].includes(orientation);
    return (isUpsideDown ? height - 1 - b : b) * width + (isMirrored ? width - 1 - a : a);
  };
  const source = new Uint32Array(data.buffer, data.byteOffset, width * height);
  const result = new Uint32Array(width * height);
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) result[y * w + x] = source[from(x, y)]!;
  return { width: w, height: h, data: new Uint8Array(result.buffer) };
}

function inMode({ width, height, data }: Rgba, { mode, alpha }: DecodeImageOptions): Image {
  const channels = channelsOfMode[mode];
  const count = width * height;
  if (mode === "rgba") return { width, height, channels, data };
  if (alpha === "refuse") refuseTransparent(data);
  const out = new Uint8Array(count * channels);
  const over = typeof alpha === "string" ? null : alpha;
  for (let i = 0; i < count; i++) {
    const at = 4 * i;
    let [r, g, b] = [data[at]!, data[at + 1]!, data[at + 2]!];
    const a = data[at + 3]!;
    if (over && a < 255) [r, g, b] = [laidOver(r, over[0], a), laidOver(g, over[1], a), laidOver(b, over[2], a)];
    if (mode === "grey") out[i] = luma(r, g, b);
    else {
      out[3 * i] = r;
      out[3 * i + 1] = g;
      out[3 * i + 2] = b;
    }
  }
  return { width, height, channels, data: out };
}

/** Rule: Pillow, libImaging/Convert.c, L24. */
function luma(r: number, g: number, b: number): number {
  return (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
}

/** Rule: Pillow, libImaging/AlphaComposite.c, over a background without transparency: 7 more bits, divided by 255 with rounding. */
function laidOver(value: number, background: number, alpha: number): number {
  if (alpha === 0) return background;
  const own = alpha * 128;
  const sum = value * own + background * (255 * 128 - own) + (0x80 << 7);
  return (((sum >> 8) + sum) >> 8) >> 7;
}

function refuseTransparent(data: Uint8Array): void {
  for (let i = 3; i < data.length; i += 4)
    if (data[i] !== 255)
      throw new IngotError("RECORD_REFUSED", {
        what: "an image with transparent pixels",
        fix: "send an image without transparency, or declare `alpha` of `decode_image`",
      });
}
