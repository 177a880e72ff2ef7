// LightGBM files written by hand, for tests: a small header, trees by field, a footer.

export type TreeParts = Readonly<Record<string, string | number | null>>;

/** The lines of a tree, in the order given; null leaves one out. */
export function treeText(parts: TreeParts): string {
  return Object.entries(parts)
    .filter(([, value]) => value !== null)
    .map(([field, value]) => `${field}=${value}\n`)
    .join("");
}

/** @param lines replaces header lines, null leaves one out; `pandas` is the list of categories */
export function modelText(
  lines: Readonly<Record<string, string | null>>,
  trees: readonly (TreeParts | string)[],
): string {
  const { pandas = "null", ...changed } = lines;
  const blocks = trees.map(
    (tree, i) => `Tree=${i}\n${typeof tree === "string" ? tree : treeText(tree)}shrinkage=1\n\n\n`,
  );
  const header: Record<string, string | null> = {
    version: "v4",
    num_class: "1",
    num_tree_per_iteration: "1",
    label_index: "0",
    max_feature_idx: "1",
    objective: "binary sigmoid:0.7",
    feature_names: "a b",
    feature_infos: "[-1:2.5] -1:3:0",
    tree_sizes: blocks.map((block) => block.length).join(" "),
    ...changed,
  };
  const head = Object.entries(header)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}=${value}\n`);
  const footer =
    "feature_importances:\na=1\n\nparameters:\n[boosting: gbdt]\n[categorical_feature: ]\n\nend of parameters\n";
  return `tree\n${head.join("")}\n${blocks.join("")}end of trees\n\n${footer}\npandas_categorical:${pandas}\n`;
}
