// A small XGBoost document to break, and a UBJSON writer: the same value in both forms.

export type Node = null | boolean | number | string | Node[] | { [key: string]: Node } | Float32Array | Int32Array;

/** A stump and a leaf: two trees of one regression. */
export function document(change: (model: ReturnType<typeof base>) => void = () => {}): ReturnType<typeof base> {
  const made = base();
  change(made);
  return made;
}

function base() {
  return {
    learner: {
      attributes: {} as Record<string, string>,
      feature_names: ["a", "b"],
      feature_types: ["float", "int"],
      gradient_booster: {
        model: {
          gbtree_model_param: { num_parallel_tree: "1", num_trees: "2" } as Record<string, string>,
          tree_info: [0, 0] as number[],
          trees: [
            tree({
              left_children: [1, -1, -1],
              right_children: [2, -1, -1],
              split_indices: [1, 0, 0],
              split_conditions: [0.5, -1, 2],
              default_left: [1, 0, 0],
            }),
            tree({
              left_children: [-1],
              right_children: [-1],
              split_indices: [0],
              split_conditions: [0.25],
              default_left: [0],
            }),
          ],
        } as Record<string, Node>,
        name: "gbtree",
      } as Record<string, Node>,
      learner_model_param: { base_score: "5E-1", num_class: "0", num_feature: "2", num_target: "1" } as Record<
        string,
        string
      >,
      objective: { name: "reg:squarederror" } as Record<string, Node>,
    },
    version: [2, 1, 4] as number[],
  };
}

function tree(columns: Record<string, Node>): { [key: string]: Node } {
  const count = (columns["left_children"] as number[]).length;
  return {
    ...columns,
    split_type: new Array(count).fill(0),
    categories: [],
    categories_nodes: [],
    categories_segments: [],
    categories_sizes: [],
    tree_param: { num_nodes: String(count), size_leaf_vector: "1" },
  };
}

export function firstTree(model: ReturnType<typeof base>): { [key: string]: Node } {
  return (model.learner.gradient_booster["model"] as { trees: { [key: string]: Node }[] }).trees[0]!;
}

export function asJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** The learner's booster, where trees stand. */
export function modelIn(model: ReturnType<typeof base>): Record<string, Node> {
  return model.learner.gradient_booster["model"] as Record<string, Node>;
}

/** Other trees in place of the two. */
export function replaceTrees(model: ReturnType<typeof base>, trees: Node[], groups: number[]): void {
  Object.assign(modelIn(model), {
    trees,
    tree_info: groups,
    gbtree_model_param: { num_parallel_tree: "1", num_trees: String(trees.length) },
  });
}

/** UBJSON as XGBoost writes it: lengths as L, arrays of numbers as one block. */
export function asUbj(value: Node): Uint8Array {
  const parts: Uint8Array[] = [];
  const put = (bytes: Uint8Array | string) =>
    parts.push(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
  const long = (marker: string, number: number) => {
    const bytes = Buffer.alloc(9);
    bytes.write(marker, "latin1");
    bytes.writeBigInt64BE(BigInt(number), 1);
    put(bytes);
  };
  const text = (content: string) => {
    const bytes = new TextEncoder().encode(content);
    long("L", bytes.length);
    put(bytes);
  };
  const number = (content: number) => {
    if (Number.isSafeInteger(content) && !Object.is(content, -0)) return long("L", content);
    const bytes = Buffer.alloc(9);
    bytes.write("D", "latin1");
    bytes.writeDoubleBE(content, 1);
    put(bytes);
  };
  const write = (node: Node): void => {
    if (node === null) put("Z");
    else if (typeof node === "boolean") put(node ? "T" : "F");
    else if (typeof node === "number") number(node);
    else if (typeof node === "string") {
      put("S");
      text(node);
    } else if (node instanceof Float32Array || node instanceof Int32Array) {
      put(node instanceof Float32Array ? "[$d#" : "[$l#");
      long("L", node.length);
      const bytes = Buffer.alloc(node.length * 4);
      for (const [i, item] of node.entries()) {
        if (node instanceof Float32Array) bytes.writeFloatBE(item, i * 4);
        else bytes.writeInt32BE(item, i * 4);
      }
      put(bytes);
    } else if (Array.isArray(node)) {
      put("[#");
      long("L", node.length);
      node.forEach(write);
    } else {
      put("{");
      for (const [key, member] of Object.entries(node)) {
        text(key);
        write(member);
      }
      put("}");
    }
  };
  write(value);
  return Buffer.concat(parts);
}
