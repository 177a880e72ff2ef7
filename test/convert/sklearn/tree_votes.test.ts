// Votes of forests whose leaves are pure: counted in one number while that is exact, else per class; mixed leaves are left to the table.
import { describe, expect, test } from "vitest";
import type { LeafClasses } from "../../../src/convert/sklearn/tree_classes.ts";
import type { PlacedTree } from "../../../src/convert/sklearn/tree_layout.ts";
import { emitVotes, votesOf } from "../../../src/convert/sklearn/tree_votes.ts";
import type { Schema } from "../../../src/core/index.ts";
import { GraphBuilder, writeModel } from "../../../src/onnx/index.ts";
import { openPredictor } from "../../../src/runtime/index.ts";

/** A tree of one feature: everything up to `at` is of class `below`, the rest of class `above`. */
function stump(at: number, below: number, above: number, classes: number): PlacedTree {
  const values = new Float64Array(3 * classes);
  values[0] = 1;
  values[classes + below] = 1;
  values[2 * classes + above] = 1;
  return {
    nodes: {
      count: 3,
      features: 1,
      left: Int32Array.of(1, -1, -1),
      right: Int32Array.of(2, -1, -1),
      feature: Int32Array.of(0, -2, -2),
      threshold: Float64Array.of(at, -2, -2),
      missingLeft: null,
      outputs: 1,
      width: classes,
      values,
      samples: Int32Array.of(2, 1, 1),
    },
  };
}

const leaf = (width: number): LeafClasses => ({ counts: [width], width, areCounts: false });

const forests: [name: string, trees: number, classes: number][] = [
  ["one number: 2 classes", 100, 2],
  ["one number: as many places as float32 has", 255, 3],
  ["a sum per class: one place more", 256, 3],
  ["a sum per class: 60 classes", 40, 60],
  ["a single tree", 1, 5],
];

describe.each(["native", "micro"] as const)("%s", (runtime) => {
  test.each(forests)("%s", async (_name, count, classes) => {
    const trees = Array.from({ length: count }, (_, i) =>
      stump(i / 4, (i * 7) % classes, (i * 7 + 1) % classes, classes),
    );
    const votes = votesOf(trees, leaf(classes))!;
    const g = new GraphBuilder("votes");
    const x = g.input("x", "float32", ["N", 1]);
    g.output(emitVotes(g, x, trees, votes, classes), "votes");
    const schema: Schema = {
      inputs: [{ name: "x", type: "float", dtype: "float32", shape: [1], layout: "batch" }],
      outputs: [{ name: "votes", type: "float", dtype: "float64", shape: [classes], layout: "batch" }],
    };
    const predictor = await openPredictor({ bytes: writeModel(g.build()) }, schema, { runtime });
    const rows = Float32Array.from({ length: 300 }, (_, i) => i / 4 - 2);
    const { votes: found } = await predictor.run({ x: { dtype: "float32", dims: [rows.length, 1], data: rows } });
    await predictor.close();
    const expected = [...rows].flatMap((value) => {
      const own = new Array<number>(classes).fill(0);
      for (let i = 0; i < count; i++) own[(i * 7 + Number(value > i / 4)) % classes]!++;
      return own.map((n) => n / count);
    });
    expect(Array.from(found!.data as Float64Array)).toEqual(expected);
  });
});

test("leaves of several classes are no votes", () => {
  const tree = stump(0, 0, 1, 2);
  tree.nodes.values.set([0.5, 0.5], 4);
  expect(votesOf([tree], leaf(2))).toBeNull();
  expect(votesOf([stump(0, 0, 1, 4)], { counts: [2, 2], width: 4, areCounts: false })).toBeNull();
});
