// Arithmetic on shapes with fixed, named and unknown sizes.
import type { Dimension } from "../model.ts";
import type { Fact } from "./rule.ts";

export type Shape = readonly Dimension[];

/** Numpy broadcasting; null when a rank is unknown. A named size against 1 stays named; against another size it is unknown. */
export function broadcast(shapes: readonly (Shape | null | undefined)[]): Shape | null {
  const result: Dimension[] = [];
  const known: Shape[] = [];
  for (const shape of shapes) {
    if (!shape) return null;
    known.push(shape);
  }
  const rank = known.reduce((most, shape) => Math.max(most, shape.length), 0);
  for (let i = 0; i < rank; i++) {
    let size: Dimension = 1;
    for (const shape of known) {
      const at = i - (rank - shape.length);
      if (at >= 0) size = joinSizes(size, shape[at]!);
    }
    result.push(size);
  }
  return result;
}

function joinSizes(a: Dimension, b: Dimension): Dimension {
  if (a === 1 || a === b) return b;
  if (b === 1) return a;
  // One of both must be what it says, so the fixed size wins.
  if (typeof a === "number") return a;
  return typeof b === "number" ? b : null;
}

/** Non-negative axis, or null when it is outside. */
export function axisOf(axis: number, rank: number): number | null {
  const at = axis < 0 ? axis + rank : axis;
  return Number.isInteger(at) && at >= 0 && at < rank ? at : null;
}

/** Product of sizes; null when one is not fixed. */
export function product(shape: Shape): number | null {
  let count = 1;
  for (const size of shape) {
    if (typeof size !== "number") return null;
    count *= size;
  }
  return count;
}

/** Integers of a constant input. */
export function integers(fact: Fact | null | undefined): number[] | null {
  const data = fact?.constant?.data;
  return data && !(typeof data[0] === "string") ? Array.from(data as ArrayLike<number | bigint>, Number) : null;
}

/** A shape of `rank` sizes nobody knows. */
export function anyShape(rank: number): Shape {
  return Array.from({ length: rank }, () => null);
}
