// JPEG: what the file says of itself, and the part of it that a decoder needs. Markers of ISO/IEC 10918-1, annex B. Profiles, thumbnails,
// comments and whatever follows the end of the image never reach the decoder.
import { IngotError } from "../../core/index.ts";
import { exifOrientation } from "./exif.ts";
import { checkSize, type ImageLimits, lies, malformed, truncated } from "./image_limits.ts";

export interface JpegFile {
  readonly width: number;
  readonly height: number;
  readonly orientation: number;
  /** Markers and scans that decoding needs. */
  readonly bytes: Uint8Array;
}

/** Every scan of a progressive image goes over all its blocks again. */
const mostScans = 64;
const mostWork = 2 ** 29;

const marker = { dht: 0xc4, jpg: 0xc8, dac: 0xcc, soi: 0xd8, eoi: 0xd9, sos: 0xda, dqt: 0xdb, dri: 0xdd };

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/** @throws IngotError FILE_TRUNCATED, FILE_MALFORMED, FILE_TOO_LARGE, DECOMPRESSION_BOMB */
export function readJpegFile(bytes: Uint8Array, limits: ImageLimits): JpegFile {
  const parts: Uint8Array[] = [Uint8Array.of(0xff, marker.soi)];
  let frame: Frame | null = null;
  let orientation = 1;
  let scans = 0;
  let scanBytes = 0;
  let at = 2;
  for (;;) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
    if (at + 2 > bytes.length) throw truncated("the JPEG ends before its end-of-image marker");
    if (bytes[at] !== 0xff) throw malformed(`the JPEG has no marker at byte ${at}`);
    const code = bytes[at + 1]!;
    if (code === marker.eoi) break;
    if (at + 4 > bytes.length) throw truncated("the JPEG ends within a marker");
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const end = at + 2 + length;
    if (length < 2) throw malformed(`the JPEG has a segment of ${length} bytes at byte ${at}`);
    if (end > bytes.length) throw truncated("the JPEG ends within a segment");
    const segment = bytes.subarray(at + 4, end);
    if (code === 0xe1 && orientation === 1 && hasText(segment, "Exif\0\0"))
      orientation = exifOrientation(segment.subarray(6));
    if (isFrame(code)) {
      if (frame) throw malformed("the JPEG has two frames");
      frame = frameOf(code, segment, limits);
    }
    if (isNeeded(code, segment)) parts.push(bytes.subarray(at, end));
    at = end;
    if (code !== marker.sos) continue;
    if (!frame) throw malformed("the JPEG has a scan before its frame");
    scans += 1;
    if (scans > mostScans || scans * frame.width * frame.height > Math.max(mostWork, 12 * frame.width * frame.height))
      throw new IngotError("DECOMPRESSION_BOMB", {
        what: `the JPEG goes over its ${frame.width} × ${frame.height} pixels in more than ${scans - 1} scans`,
        fix: "save the image again, not progressive",
      });
    at = endOfScan(bytes, at);
    parts.push(bytes.subarray(end, at));
    scanBytes += at - end;
  }
  if (!frame || scans === 0) throw malformed("the JPEG holds no image");
  // Huffman codes have one bit at least, and every block its own for the mean.
  if (scanBytes < frame.blocks / 8) throw lies(frame.width, frame.height, scanBytes);
  parts.push(Uint8Array.of(0xff, marker.eoi));
  return { width: frame.width, height: frame.height, orientation, bytes: joined(parts) };
}

interface Frame {
  readonly width: number;
  readonly height: number;
  /** Of 8 × 8 samples, in all components. */
  readonly blocks: number;
}

function isFrame(code: number): boolean {
  return code >= 0xc0 && code <= 0xcf && code !== marker.dht && code !== marker.jpg && code !== marker.dac;
}

function frameOf(code: number, segment: Uint8Array, limits: ImageLimits): Frame {
  if (segment.length < 6) throw malformed("the JPEG has a frame without size");
  const [precision, components] = [segment[0]!, segment[5]!];
  const [height, width] = [(segment[1]! << 8) | segment[2]!, (segment[3]! << 8) | segment[4]!];
  if (code > 0xc2) throw unsupported(code >= 0xc9 ? "arithmetic coding" : "lossless or hierarchical coding");
  if (precision !== 8) throw unsupported(`${precision} bits per sample`);
  if (components === 4) throw unsupported("four channels (CMYK)");
  if (components !== 1 && components !== 3) throw unsupported(`${components} channels`);
  if (segment.length !== 6 + 3 * components) throw malformed("the JPEG has a frame of the wrong length");
  checkSize(width, height, limits);
  const factors = Array.from({ length: components }, (_, i) => segment[7 + 3 * i]!);
  const [across, down] = [factors.map((f) => f >> 4), factors.map((f) => f & 15)];
  if (![...across, ...down].every((f) => f >= 1 && f <= 4)) throw malformed("the JPEG has sampling factors beyond 4");
  const perUnit = components === 1 ? 1 : across.reduce((sum, f, i) => sum + f * down[i]!, 0);
  const [unitWidth, unitHeight] = components === 1 ? [8, 8] : [8 * Math.max(...across), 8 * Math.max(...down)];
  return { width, height, blocks: Math.ceil(width / unitWidth) * Math.ceil(height / unitHeight) * perUnit };
}

function unsupported(what: string): IngotError {
  return new IngotError("FILE_MALFORMED", {
    what: `the JPEG has ${what}, which is not decoded`,
    fix: "save the image again as RGB with 8 bits per channel",
  });
}

/** Tables, frames, scans, and the two application segments that say how colours are stored. */
function isNeeded(code: number, segment: Uint8Array): boolean {
  if (code === 0xe0) return hasText(segment, "JFIF\0");
  if (code === 0xee) return hasText(segment, "Adobe");
  return isFrame(code) || [marker.dht, marker.dqt, marker.dri, marker.sos].includes(code);
}

function hasText(segment: Uint8Array, text: string): boolean {
  return segment.length >= text.length && [...text].every((letter, i) => segment[i] === letter.charCodeAt(0));
}

/** Where the next marker stands that belongs to no scan. */
function endOfScan(bytes: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length) throw truncated("the JPEG ends within its image data");
    const next = bytes[at + 1]!;
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
    at += next === 0xff ? 1 : 2;
  }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
