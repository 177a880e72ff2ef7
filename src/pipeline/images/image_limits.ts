// What an image may cost, checked on what its headers claim before anything is allocated.
import { IngotError } from "../../core/index.ts";

export interface ImageLimits {
  /** Of the file. */
  readonly maxBytes: number;
  /** Width times height. */
  readonly maxPixels: number;
}

export const usualLimits: ImageLimits = { maxBytes: 20 * 2 ** 20, maxPixels: 2 ** 25 };

/** @throws IngotError FILE_TOO_LARGE, FILE_MALFORMED */
export function checkSize(width: number, height: number, { maxPixels }: ImageLimits): void {
  if (width === 0 || height === 0) throw malformed(`an image of ${width} × ${height} pixels`);
  if (width * height > maxPixels)
    throw new IngotError("FILE_TOO_LARGE", {
      what: `an image of ${width} × ${height} pixels, at most ${maxPixels} are decoded`,
      fix: "send a smaller image, or raise `max_pixels` of `decode_image`",
    });
}

export function malformed(what: string): IngotError {
  return new IngotError("FILE_MALFORMED", { what, fix: "save the image again with another program" });
}

export function truncated(what: string): IngotError {
  return new IngotError("FILE_TRUNCATED", { what, fix: "send the whole file" });
}

/** A file whose header promises more than its data can hold. */
export function lies(width: number, height: number, bytes: number): IngotError {
  return new IngotError("FILE_MALFORMED", {
    what: `${bytes} bytes of image data cannot hold the ${width} × ${height} pixels that the header claims`,
    fix: "send the whole file",
  });
}
