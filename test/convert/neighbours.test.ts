import { expect, test } from "vitest";
import { above, below, singleAbove, singleBelow, singleFrom, singleTo } from "../../src/convert/neighbours.ts";

const rows: [name: string, actual: number, expected: number][] = [
  ["above 1", above(1), 1 + 2 ** -52],
  ["below 1", below(1), 1 - 2 ** -53],
  ["above -1", above(-1), -1 + 2 ** -53],
  ["above 0", above(0), 5e-324],
  ["below 0", below(0), -5e-324],
  ["float32 from 0.1", singleFrom(0.1), Math.fround(0.1)],
  ["float32 up to 0.1", singleTo(0.1), singleBelow(Math.fround(0.1))],
  ["float32 from a float32", singleFrom(0.5), 0.5],
  ["float32 from -0.1", singleFrom(-0.1), singleAbove(Math.fround(-0.1))],
  ["float32 from beyond its range", singleFrom(1e39), Number.POSITIVE_INFINITY],
  ["float32 from far below its range", singleFrom(-1e39), -3.4028234663852886e38],
  ["float32 above 0", singleAbove(0), 2 ** -149],
];

test.each(rows)("%s", (_name, actual, expected) => expect(actual).toBe(expected));
