// Documents that would cost more than they weigh, lose trees or confuse names; and rounds, which say what `predict` uses.
import { expect, test } from "vitest";
import { IngotError } from "../../../src/core/index.ts";
import { readXgboostJson, roundsOf } from "../../../src/formats/index.ts";
import { asJson, document, firstTree, modelIn, replaceTrees } from "./document.ts";

type Document = ReturnType<typeof document>;
type Change = (model: Document) => void;

const parameter = (m: Document) => modelIn(m)["gbtree_model_param"] as Record<string, string>;
const read = (change: Change) => readXgboostJson(asJson(document(change)), "model.json");

function categories(m: Document, { list, nodes, from, sizes }: Record<"list" | "nodes" | "from" | "sizes", number[]>) {
  Object.assign(firstTree(m), {
    split_type: [1, 0, 0],
    categories: list,
    categories_nodes: nodes,
    categories_segments: from,
    categories_sizes: sizes,
  });
}

/** Two targets in each leaf, as 3.2 keeps them: the values of a leaf at its position in `right_children`. */
function vectors(m: Document, rows: [left: number, right: number], values = [1, 2, 3, 4]) {
  m.learner.learner_model_param["num_target"] = "2";
  replaceTrees(m, [firstTree(m)], [0]);
  Object.assign(firstTree(m), {
    right_children: [2, ...rows],
    tree_param: { size_leaf_vector: "2" },
    leaf_weights: values,
  });
}

/** A tree where each node has a leaf on its left. */
function chain(m: Document, levels: number) {
  const column = (leaf: number, node: (at: number) => number) => [
    ...Array.from({ length: levels }, (_, level) => [node(2 * level), leaf]).flat(),
    leaf,
  ];
  Object.assign(firstTree(m), {
    tree_param: { num_nodes: String(2 * levels + 1) },
    left_children: column(-1, (at) => at + 1),
    right_children: column(-1, (at) => at + 2),
    ...Object.fromEntries(
      ["split_indices", "split_conditions", "default_left", "split_type"].map((key) => [key, column(0, () => 0)]),
    ),
  });
}

const refused: [name: string, change: Change, message: RegExp][] = [
  [
    "sets that overlap",
    (m) => categories(m, { list: [1, 2, 3], nodes: [0, 1], from: [0, 0], sizes: [3, 3] }),
    /tree 0: sets of 6 categories in a list of 3/,
  ],
  [
    "sets that overlap behind a negative size",
    (m) => categories(m, { list: [1, 2], nodes: [0, 1, 2], from: [0, 0, 0], sizes: [2, 2, -9] }),
    /sets of 4 categories in a list of 2/,
  ],
  [
    "two sets of one node",
    (m) => categories(m, { list: [1, 2], nodes: [0, 0], from: [0, 1], sizes: [1, 1] }),
    /node 0 has two sets/,
  ],
  ["a fraction of a tree a round", (m) => (parameter(m)["num_parallel_tree"] = "0.7"), /`num_parallel_tree` is "0.7"/],
  ["less than no tree a round", (m) => (parameter(m)["num_parallel_tree"] = "-1"), /`num_parallel_tree` is "-1"/],
  [
    "rounds that leave trees out",
    (m) => (modelIn(m)["iteration_indptr"] = [0, 1]),
    /does not divide 2 trees into rounds/,
  ],
  ["rounds that go back", (m) => (modelIn(m)["iteration_indptr"] = [0, 2, 1, 2]), /does not divide 2 trees/],
  ["rounds that begin late", (m) => (modelIn(m)["iteration_indptr"] = [1, 2]), /does not divide 2 trees/],
  ["no rounds", (m) => (modelIn(m)["iteration_indptr"] = []), /does not divide 2 trees/],
  ["an empty list of trees", (m) => replaceTrees(m, [], []), /the model has no trees/],
  [
    "no features",
    (m) => delete m.learner.learner_model_param["num_feature"],
    /`learner_model_param\.num_feature` is 0 or missing/,
  ],
  ["half a surrogate pair", (m) => (m.learner.feature_names = ["\ud800", "\ud801"]), /a text is not valid/],
  [
    "a category's name twice",
    (m) => (modelIn(m)["cats"] = { enc: [{ offsets: [0, 1, 2], values: [97, 97] }, { values: [] }] }),
    /a category appears twice/,
  ],
  [
    "a category that is too large",
    (m) => (modelIn(m)["cats"] = { enc: [{ values: [2 ** 53] }, { values: [] }] }),
    /too large to be told/,
  ],
  ["a tree that runtimes cannot walk", (m) => chain(m, 2049), /tree 0 is more than 2048 levels deep/],
  ["leaves that share values", (m) => vectors(m, [0, 0]), /leaf \d has the values of another leaf/],
  ["a leaf without values", (m) => vectors(m, [0, 2]), /leaf 2 has no values/],
  ["a leaf before all values", (m) => vectors(m, [-1, 1]), /leaf 1 has no values/],
  ["half a leaf", (m) => vectors(m, [0, 1], [1, 2, 3]), /3 leaf values for leaves of 2/],
];
test.each(refused)("%s is refused", (_name, change, message) => {
  expect(() => read(change)).toThrow(message);
  expect(() => read(change)).toThrow(IngotError);
});

const rounds: [name: string, change: Change, starts: number[]][] = [
  ["one tree a round", () => {}, [0, 1, 2]],
  ["a round of two", (m) => (parameter(m)["num_parallel_tree"] = "2"), [0, 2]],
  ["a last round that is not whole", (m) => (parameter(m)["num_parallel_tree"] = "3"), [0, 2]],
  ["rounds that the file names", (m) => (modelIn(m)["iteration_indptr"] = [0, 2]), [0, 2]],
  ["a round without trees", (m) => (modelIn(m)["iteration_indptr"] = [0, 1, 1, 2]), [0, 1, 1, 2]],
];
test.each(rounds)("%s", (_name, change, starts) => {
  const model = read(change);
  expect([...model.roundStart]).toEqual(starts);
  expect(roundsOf(model)).toBe(starts.length - 1);
});

test("values of leaves are found at their position", () => {
  const { trees } = read((m) => vectors(m, [1, 0]));
  expect([...trees!.vectors!.values]).toEqual([1, 2, 3, 4]);
  expect([...trees!.vectors!.position]).toEqual([-1, 1, 0]);
});

test("a tree of the deepest kind is read", () => {
  expect(read((m) => chain(m, 2048)).trees!.start[1]).toBe(4097);
});
