// The pictures of fixtures/pillow/make.py, and its stored cases.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

export type Kind = "noise" | "smooth";

/** `[height, width, 3]`, the same as `picture` in fixtures/pillow/make.py. */
export function picture(kind: Kind, width: number, height: number): Uint8Array {
  const pixels = new Uint8Array(height * width * 3);
  let at = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) pixels[at++] = kind === "noise" ? noise(x, y, c) : smooth(x, y, c);
  return pixels;
}

function noise(x: number, y: number, c: number): number {
  const mixed = (BigInt(x) * 73856093n) ^ (BigInt(y) * 19349663n) ^ (BigInt(c) * 83492791n);
  return Number((((mixed * 2654435761n) % (1n << 32n)) >> 13n) & 255n);
}

function smooth(x: number, y: number, c: number): number {
  const wave = (value: number, period: number) => Math.floor((Math.abs((value % period) * 2 - period) * 255) / period);
  return Math.floor((wave(x + 3 * c, 37) + wave(y * 2 + x, 53) + wave(Math.floor((x * y) / 7), 91)) / 3);
}

export function stored<T>(name: string): T {
  const file = new URL(`../../../fixtures/${name}.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)).toString()) as T;
}

/** How many values differ, and how far the furthest. */
export function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): { share: number; most: number } {
  let [off, most] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const far = Math.abs(actual[i]! - expected[i]!);
    if (far > 0) off++;
    if (!(far <= most)) most = far;
  }
  return { share: off / Math.max(1, expected.length), most };
}
