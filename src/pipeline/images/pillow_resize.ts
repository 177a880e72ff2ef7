// Pillow's resize of 8-bit images. Rule: src/libImaging/Resample.c (ImagingResample: weights of 22 bits, horizontally first, each pass rounded to
// a byte) and Geometry.c (ImagingScaleAffine: nearest).

export type Filter = "nearest" | "bilinear" | "bicubic";

const precision = 2 ** 22;

const filters = {
  bilinear: { support: 1, at: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, at: bicubic },
};

/** Keys' cubic with a = -0.5. */
function bicubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}

/** Where each pixel of the result comes from. The steps are added up, as Pillow does. */
export function nearestSources(size: number, wanted: number): number[] {
  const step = size / wanted;
  let at = step * 0.5;
  return Array.from({ length: wanted }, () => {
    const source = Math.floor(at);
    at += step;
    return source;
  });
}

interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

function tapsOf(size: number, wanted: number, { support, at }: (typeof filters)["bilinear"]): Taps[] {
  const scale = size / wanted;
  const stretch = Math.max(scale, 1);
  const reach = support * stretch;
  return Array.from({ length: wanted }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(size, Math.trunc(centre + reach + 0.5));
    const raw = Array.from({ length: end - first }, (_, k) => at((k + first - centre + 0.5) * (1 / stretch)));
    const sum = raw.reduce((total, weight) => total + weight, 0);
    const weights = raw.map((weight) => {
      const share = (sum === 0 ? weight : weight / sum) * precision;
      return share < 0 ? Math.trunc(share - 0.5) : Math.trunc(share + 0.5);
    });
    return { first, weights };
  });
}

interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** `[height, width, channels]` */
  readonly data: Uint8Array;
}

/** `Image.resize((width, height), filter)` */
export function pillowResize(image: Pixels, height: number, width: number, filter: Filter): Uint8Array {
  if (filter === "nearest") return resizeNearest(image, height, width);
  const kernel = filters[filter];
  const { channels } = image;
  let data = image.data;
  if (width !== image.width) data = pass(data, image.height, image.width, channels, tapsOf(image.width, width, kernel));
  if (height !== image.height)
    data = pass(data, 1, image.height, width * channels, tapsOf(image.height, height, kernel));
  return data;
}

/** Over the middle axis of `[outer, size, inner]`. */
function pass(data: Uint8Array, outer: number, size: number, inner: number, taps: readonly Taps[]): Uint8Array {
  const out = new Uint8Array(outer * taps.length * inner);
  for (let o = 0; o < outer; o++)
    for (let t = 0; t < taps.length; t++) {
      const { first, weights } = taps[t]!;
      for (let i = 0; i < inner; i++) {
        let sum = precision / 2;
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * data[(o * size + first + k) * inner + i]!;
        out[(o * taps.length + t) * inner + i] = Math.min(255, Math.max(0, Math.floor(sum / precision)));
      }
    }
  return out;
}

function resizeNearest({ width: own, channels, height: ownHeight, data }: Pixels, height: number, width: number) {
  const [rows, columns] = [nearestSources(ownHeight, height), nearestSources(own, width)];
  const out = new Uint8Array(height * width * channels);
  let at = 0;
  for (const row of rows)
    for (const column of columns)
      for (let c = 0; c < channels; c++) out[at++] = data[(row * own + column) * channels + c]!;
  return out;
}
