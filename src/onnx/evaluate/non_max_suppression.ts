// NonMaxSuppression: of boxes that overlap, the best. Rule: onnxruntime/core/providers/cpu/object_detection/non_max_suppression.cc, which
// computes in float32.
import { IngotError } from "../../core/index.ts";
import { given, type Operator } from "./kernel.ts";

const f = Math.fround;

const nonMaxSuppression: Operator = (attributes) => {
  const isCentred = attributes.int("center_point_box", 0) === 1;
  return (inputs) => {
    const [boxes, scores] = [given(inputs, 0), given(inputs, 1)];
    const [batches, classes, count] = scores.dims as [number, number, number];
    if (boxes.dims.length !== 3 || scores.dims.length !== 3 || boxes.dims[1] !== count || boxes.dims[2] !== 4)
      throw new IngotError("INPUT_INVALID", { what: `shapes [${boxes.dims}] and [${scores.dims}] are no boxes` });
    const most = Math.max(0, Number(inputs[2]?.data[0] ?? 0));
    const overlap = Number(inputs[3]?.data[0] ?? 0);
    const least = inputs[4] ? Number(inputs[4].data[0]) : -Infinity;
    const values = scores.data as Float32Array;
    const kept: number[] = [];
    for (let n = 0; n < batches; n++)
      for (let c = 0; c < classes; c++) {
        const at = (n * classes + c) * count;
        const order = Array.from({ length: count }, (_, i) => i)
          .filter((i) => values[at + i]! > least)
          .sort((p, q) => values[at + q]! - values[at + p]! || p - q);
        const chosen: number[] = [];
        for (const candidate of order) {
          if (chosen.length >= most) break;
          const corners = (i: number) => cornersOf(boxes.data as Float32Array, (n * count + i) * 4, isCentred);
          if (chosen.some((other) => exceeds(corners(candidate), corners(other), overlap))) continue;
          chosen.push(candidate);
          kept.push(n, c, candidate);
        }
      }
    return [{ dtype: "int64", dims: [kept.length / 3, 3], data: BigInt64Array.from(kept, BigInt) }];
  };
};

/** [x low, y low, x high, y high]; which of two numbers is x does not matter here. */
function cornersOf(data: Float32Array, at: number, isCentred: boolean): readonly [number, number, number, number] {
  const [a, b, c, d] = [data[at]!, data[at + 1]!, data[at + 2]!, data[at + 3]!];
  if (!isCentred) return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
  const [w, h] = [f(c / 2), f(d / 2)];
  return [f(a - w), f(b - h), f(a + w), f(b + h)];
}

type Corners = ReturnType<typeof cornersOf>;

function exceeds(a: Corners, b: Corners, threshold: number): boolean {
  const width = f(Math.min(a[2], b[2]) - Math.max(a[0], b[0]));
  const height = f(Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  if (!(width > 0 && height > 0)) return false;
  const shared = f(width * height);
  const [areaA, areaB] = [a, b].map(([x, y, u, v]) => f(f(u - x) * f(v - y))) as [number, number];
  if (!(areaA > 0 && areaB > 0)) return false;
  const union = f(f(areaA + areaB) - shared);
  return union > 0 && f(shared / union) > f(threshold);
}

export const suppression: Readonly<Record<string, Operator>> = { NonMaxSuppression: nonMaxSuppression };
