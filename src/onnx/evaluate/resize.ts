// Resize: every axis by itself, as weights of input elements. Rule: onnx/reference/ops/op_resize.py; with antialias on uint8 ONNX Runtime
// computes as Pillow does (weights of 22 bits, rounded to a byte after each axis), and so does this.
import { IngotError } from "../../core/index.ts";
import { elementCount, type Tensor } from "../tensor.ts";
import { allocate, axisOf, given, integers, type NodeAttributes, type Operator, unsupported } from "./kernel.ts";

/** For each element of the result: the first input element it reads, and the weights from there on. */
interface Taps {
  readonly first: Int32Array;
  readonly weights: readonly Float64Array[];
}

type Coordinate = (at: number, scale: number, size: number, wanted: number) => number;

const coordinates: Readonly<Record<string, Coordinate>> = {
  half_pixel: (at, scale) => (at + 0.5) / scale - 0.5,
  pytorch_half_pixel: (at, scale, _size, wanted) => (wanted > 1 ? (at + 0.5) / scale - 0.5 : 0),
  asymmetric: (at, scale) => at / scale,
  align_corners: (at, _scale, size, wanted) => (wanted > 1 ? (at * (size - 1)) / (wanted - 1) : 0),
};

const nearest: Readonly<Record<string, (at: number) => number>> = {
  round_prefer_floor: (at) => Math.ceil(at - 0.5),
  round_prefer_ceil: (at) => Math.floor(at + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

function triangle(distance: number): number {
  return Math.max(0, 1 - Math.abs(distance));
}

function cubic(a: number) {
  return (distance: number): number => {
    const x = Math.abs(distance);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
  };
}

interface Settings {
  readonly mode: string;
  readonly isAntialiased: boolean;
  readonly excludesOutside: boolean;
  readonly coordinate: Coordinate;
  readonly round: (at: number) => number;
  readonly a: number;
}

function settingsOf(attributes: NodeAttributes): Settings {
  const named = <T>(table: Readonly<Record<string, T>>, attribute: string, fallback: string): T => {
    const name = attributes.text(attribute, fallback);
    if (!Object.hasOwn(table, name)) throw unsupported(`Resize with ${attribute} ${name}`);
    return table[name]!;
  };
  if (attributes.text("keep_aspect_ratio_policy", "stretch") !== "stretch")
    throw unsupported("Resize that keeps the aspect ratio");
  return {
    mode: attributes.text("mode", "nearest"),
    isAntialiased: attributes.int("antialias", 0) === 1,
    excludesOutside: attributes.int("exclude_outside", 0) === 1,
    coordinate: named(coordinates, "coordinate_transformation_mode", "half_pixel"),
    round: named(nearest, "nearest_mode", "round_prefer_floor"),
    a: attributes.float("cubic_coeff_a", -0.75),
  };
}

const resize: Operator = (attributes) => {
  const settings = settingsOf(attributes);
  const axesGiven = attributes.ints("axes");
  return (inputs) => {
    const input = given(inputs, 0);
    const rank = input.dims.length;
    const axes = axesGiven?.map((axis) => axisOf(axis, rank)) ?? input.dims.map((_, axis) => axis);
    const hasSizes = (inputs[3]?.data.length ?? 0) > 0;
    const asked = integers(given(inputs, hasSizes ? 3 : 2));
    if (asked.length !== axes.length)
      throw new IngotError("INPUT_INVALID", { what: `Resize has ${asked.length} sizes for ${axes.length} axes` });
    let result: Tensor = input;
    // The last axis first, as Pillow and ONNX Runtime do: it matters where bytes are rounded in between.
    for (let i = axes.length - 1; i >= 0; i--) {
      const axis = axes[i]!;
      const size = input.dims[axis]!;
      const wanted = hasSizes ? asked[i]! : Math.floor(size * asked[i]!);
      const scale = hasSizes ? wanted / size : asked[i]!;
      if (scale === 1 && wanted === size) continue;
      allocate(
        input.dtype,
        result.dims.map((own, d) => (d === axis ? wanted : own)),
      );
      if (size === 0 || wanted === 0)
        throw new IngotError("INPUT_INVALID", { what: `Resize cannot make ${wanted} elements of ${size}` });
      result = along(result, axis, tapsOf(settings, size, wanted, scale), wanted, settings);
    }
    return [result];
  };
};

function tapsOf(settings: Settings, size: number, wanted: number, scale: number): Taps {
  const { mode, isAntialiased, excludesOutside, coordinate, round, a } = settings;
  const first = new Int32Array(wanted);
  const weights: Float64Array[] = [];
  const kernel = mode === "cubic" ? cubic(a) : triangle;
  if (mode !== "nearest" && mode !== "linear" && mode !== "cubic") throw unsupported(`Resize in the mode ${mode}`);
  const stretch = isAntialiased && scale < 1 ? 1 / scale : 1;
  const reach = (mode === "cubic" ? 2 : 1) * stretch;
  for (let i = 0; i < wanted; i++) {
    const at = coordinate(i, scale, size, wanted);
    if (mode === "nearest") {
      first[i] = Math.min(Math.max(round(at), 0), size - 1);
      weights.push(Float64Array.of(1));
      continue;
    }
    const [low, high] = [Math.max(0, Math.floor(at - reach) + 1), Math.min(size - 1, Math.ceil(at + reach) - 1)];
    const from = Math.min(low, size - 1);
    const row = new Float64Array(Math.max(high - from + 1, 1));
    let sum = 0;
    for (let s = Math.floor(at - reach); s <= Math.ceil(at + reach); s++) {
      const weight = kernel((s - at) / stretch);
      const isOutside = s < 0 || s >= size;
      // Antialiased filters leave out what is outside in any case but this: elements at the edge stand for it.
      if (weight === 0 || (isOutside && excludesOutside)) continue;
      const place = Math.min(Math.max(s, 0), size - 1) - from;
      if (place >= 0 && place < row.length) row[place]! += weight;
      sum += weight;
    }
    if (sum !== 0) for (let k = 0; k < row.length; k++) row[k]! /= sum;
    first[i] = from;
    weights.push(row);
  }
  return { first, weights };
}

const precision = 2 ** 22;

function along(input: Tensor, axis: number, { first, weights }: Taps, wanted: number, settings: Settings): Tensor {
  const [outer, size, inner] = [
    elementCount(input.dims.slice(0, axis)),
    input.dims[axis]!,
    elementCount(input.dims.slice(axis + 1)),
  ];
  const dims = input.dims.map((own, d) => (d === axis ? wanted : own));
  const data = allocate(input.dtype, dims);
  const [out, values] = [data as unknown as number[], input.data as unknown as number[]];
  const isPick = settings.mode === "nearest";
  const isFloat = input.dtype === "float32" || input.dtype === "float64";
  if (!isPick && !isFloat && !(input.dtype === "uint8" && settings.isAntialiased))
    throw unsupported(`Resize in the mode ${settings.mode} of ${input.dtype}`);
  const rows = isFloat || isPick ? weights : weights.map((row) => row.map((w) => roundAway(w * precision)));
  for (let o = 0; o < outer; o++)
    for (let t = 0; t < wanted; t++) {
      const row = rows[t]!;
      const from = (o * size + first[t]!) * inner;
      const to = (o * wanted + t) * inner;
      for (let i = 0; i < inner; i++) {
        if (isPick) {
          out[to + i] = values[from + i]!;
          continue;
        }
        let sum = 0;
        for (let k = 0; k < row.length; k++) sum += row[k]! * values[from + k * inner + i]!;
        out[to + i] = isFloat ? sum : Math.min(255, Math.max(0, Math.floor((sum + precision / 2) / precision)));
      }
    }
  return { dtype: input.dtype, dims, data };
}

function roundAway(value: number): number {
  return value < 0 ? Math.trunc(value - 0.5) : Math.trunc(value + 0.5);
}

export const resizing: Readonly<Record<string, Operator>> = { Resize: resize };
