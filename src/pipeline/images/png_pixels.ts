// PNG pixels: inflate, undo the filters, widen samples to bytes. Rule: PNG specification (third edition), chapters 7 to 9. Written here because
// packages for it inflate whatever a file holds before they look at its size, or cannot be started again after a damaged file.
import { malformed, truncated } from "./image_limits.ts";
import { channelsOf, type PngFile } from "./png_file.ts";

/** RGBA, 8 bits. Samples of 16 bits lose their low byte, as in Pillow. @throws IngotError FILE_TRUNCATED, FILE_MALFORMED */
export async function decodePng(file: PngFile): Promise<Uint8Array> {
  const passes = passesOf(file).filter(({ width, height }) => width > 0 && height > 0);
  const bits = file.bitDepth * channelsOf[file.colourType]!;
  const rowBytes = (width: number) => Math.ceil((width * bits) / 8);
  const expected = passes.reduce((sum, { width, height }) => sum + height * (1 + rowBytes(width)), 0);
  const raw = await inflated(file, expected);
  const pixels = new Uint8Array(file.width * file.height * 4);
  const paint = painterOf(file, pixels);
  let at = 0;
  for (const { width, height, x, y, dx, dy } of passes) {
    const length = rowBytes(width);
    let previous = new Uint8Array(length);
    for (let row = 0; row < height; row++) {
      const line = raw.subarray(at + 1, at + 1 + length);
      unfilter(raw[at]!, line, previous, Math.max(1, bits >> 3));
      for (let i = 0; i < width; i++) paint(line, i, ((y + row * dy) * file.width + x + i * dx) * 4);
      previous = line;
      at += 1 + length;
    }
  }
  return pixels;
}

interface Pass {
  readonly width: number;
  readonly height: number;
  /** First column and row, and the steps between them. */
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
}

/** Adam7, or the image as one pass. */
function passesOf({ width, height, isInterlaced }: PngFile): Pass[] {
  if (!isInterlaced) return [{ width, height, x: 0, y: 0, dx: 1, dy: 1 }];
  const starts = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const;
  return starts.map(([x, y, dx, dy]) => ({
    x,
    y,
    dx,
    dy,
    width: Math.max(0, Math.ceil((width - x) / dx)),
    height: Math.max(0, Math.ceil((height - y) / dy)),
  }));
}

/** Exactly `expected` bytes; a stream that holds more or fewer is refused as soon as that is known. */
async function inflated({ data }: PngFile, expected: number): Promise<Uint8Array<ArrayBuffer>> {
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (const part of data) controller.enqueue(part as Uint8Array<ArrayBuffer>);
      controller.close();
    },
  });
  const reader = source.pipeThrough(new DecompressionStream("deflate")).getReader();
  const all = new Uint8Array(expected);
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(() => {
        // Deflate that ends too early and deflate that is damaged are told apart by what came out.
        throw length < expected ? truncated("the image data of the PNG is damaged or ends too early") : damaged();
      });
      if (done) break;
      if (length + value.length > expected) throw malformed("the PNG holds more image data than its size needs");
      all.set(value, length);
      length += value.length;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
  if (length < expected) throw truncated(`the PNG holds ${length} of ${expected} bytes of image data`);
  return all;
}

function damaged() {
  return malformed("the image data of the PNG is damaged");
}

function unfilter(filter: number, line: Uint8Array, above: Uint8Array, step: number): void {
  const { length } = line;
  switch (filter) {
    case 0:
      return;
    case 1:
      for (let i = step; i < length; i++) line[i]! += line[i - step]!;
      return;
    case 2:
      for (let i = 0; i < length; i++) line[i]! += above[i]!;
      return;
    case 3:
      for (let i = 0; i < length; i++) line[i]! += ((i < step ? 0 : line[i - step]!) + above[i]!) >> 1;
      return;
    case 4:
      for (let i = 0; i < length; i++)
        line[i]! += i < step ? above[i]! : paeth(line[i - step]!, above[i]!, above[i - step]!);
      return;
    default:
      throw malformed(`the PNG has a line with the filter ${filter}`);
  }
}

function paeth(left: number, above: number, corner: number): number {
  const [a, b, c] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

type Paint = (line: Uint8Array, index: number, to: number) => void;

function painterOf(file: PngFile, pixels: Uint8Array): Paint {
  const { bitDepth, colourType, palette, transparency } = file;
  const put = (to: number, r: number, g: number, b: number, a: number) => {
    pixels[to] = r;
    pixels[to + 1] = g;
    pixels[to + 2] = b;
    pixels[to + 3] = a;
  };
  const bytes = bitDepth === 16 ? 2 : 1;
  const sample = (line: Uint8Array, index: number) => {
    if (bitDepth === 8) return line[index]!;
    const bit = index * bitDepth;
    return (line[bit >> 3]! >> (8 - bitDepth - (bit & 7))) & ((1 << bitDepth) - 1);
  };
  /** The one colour that is transparent, in the samples' own depth. */
  const clear =
    transparency &&
    Array.from({ length: transparency.length >> 1 }, (_, i) => transparency[2 * i]! * 256 + transparency[2 * i + 1]!);
  if (colourType === 3)
    return (line, i, to) => {
      const index = sample(line, i);
      if (3 * index >= palette.length) throw malformed(`the PNG has the colour ${index}, which its palette lacks`);
      put(to, palette[3 * index]!, palette[3 * index + 1]!, palette[3 * index + 2]!, transparency?.[index] ?? 255);
    };
  if (colourType === 0) {
    const scale = 255 / ((1 << bitDepth) - 1);
    return (line, i, to) => {
      const value = sample(line, i);
      put(to, value * scale, value * scale, value * scale, clear?.[0] === value ? 0 : 255);
    };
  }
  if (colourType === 4) return (line, i, to) => put(to, line[2 * i]!, line[2 * i]!, line[2 * i]!, line[2 * i + 1]!);
  const channels = colourType === 2 ? 3 : 4;
  const isClear = (line: Uint8Array, at: number) =>
    clear?.length === 3 &&
    clear.every(
      (wanted, c) => wanted === (bytes === 2 ? line[at + 2 * c]! * 256 + line[at + 2 * c + 1]! : line[at + c]!),
    );
  return (line, i, to) => {
    const at = i * channels * bytes;
    const alpha = channels === 4 ? line[at + 3 * bytes]! : isClear(line, at) ? 0 : 255;
    put(to, line[at]!, line[at + bytes]!, line[at + 2 * bytes]!, alpha);
  };
}
