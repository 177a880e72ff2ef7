// The JSON model file. Rule: catboost/libs/model/model_export/json_model_helpers.cpp.
import { IngotError } from "../../core/index.ts";
import {
  type BinaryTrees,
  type CatboostModel,
  checkedModel,
  type NanTreatment,
  readInfo,
  splitTable,
} from "./model.ts";

type Fields = Readonly<Record<string, unknown>>;

/** @throws IngotError JSON_MALFORMED, MODEL_INVALID */
export function readCatboostJson(bytes: Uint8Array, source: string): CatboostModel {
  const root = new Node(parse(bytes, source), "", source);
  const info = root.node("features_info");
  const floats = info.nodes("float_features").map((feature) => ({
    name: feature.text("feature_id"),
    column: feature.whole("flat_feature_index"),
    borders: feature.numbers("borders"),
    nan: feature.text("nan_value_treatment", "AsIs") as NanTreatment,
  }));
  const categorical = info.nodes("categorical_features").map((feature) => ({
    name: feature.text("feature_id"),
    column: feature.whole("flat_feature_index"),
    hashes: feature.numbers("values"),
  }));
  const others = (["text", "embedding"] as const).flatMap((type) =>
    info
      .nodes(`${type}_features`)
      .map((feature) => ({ name: feature.text("feature_id"), column: feature.whole("flat_feature_index"), type })),
  );
  const statistics = [...info.nodes("ctrs"), ...info.nodes("estimated_features")].reduce(
    (sum, ctr) => sum + ctr.numbers("borders").length,
    0,
  );
  const [scale, bias] = scaleAndBias(root);
  const splits = splitTable(floats, categorical, statistics);
  const forest = root.has("oblivious_trees") ? obliviousTrees(root) : binaryTrees(root);
  return checkedModel({
    source,
    form: "json",
    floats,
    categorical,
    others,
    splits,
    ...forest,
    dimension: bias.length,
    scale,
    bias,
    ...readInfo(
      new Map(
        Object.entries(root.node("model_info").fields).map(([key, value]) => [
          key,
          typeof value === "string" ? value : JSON.stringify(value),
        ]),
      ),
      source,
    ),
  });
}

function parse(bytes: Uint8Array, source: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch (cause) {
    throw new IngotError("JSON_MALFORMED", { what: (cause as Error).message, where: source, cause });
  }
  if (typeof value === "object" && value !== null) return value as Fields;
  throw new IngotError("JSON_MALFORMED", { what: "an object is needed", where: source });
}

/** `[scale, [bias…]]`; `[scale, bias]` in old files. */
function scaleAndBias(root: Node): [scale: number, bias: readonly number[]] {
  const value = root.fields["scale_and_bias"];
  if (value === undefined) return [1, [0]];
  const [scale, bias] = Array.isArray(value) ? value : [];
  const biases: unknown[] = Array.isArray(bias) ? bias : [bias];
  if (typeof scale !== "number" || !biases.every((one) => typeof one === "number"))
    throw root.refuse("scale_and_bias", "is not a scale and its biases");
  return [scale, biases as number[]];
}

type Forest = Pick<CatboostModel, "trees" | "leafValues">;

function obliviousTrees(root: Node): Forest {
  const trees = root.nodes("oblivious_trees");
  const splits: number[] = [];
  const sizes = new Int32Array(trees.length);
  const leaves: number[] = [];
  for (const [position, tree] of trees.entries()) {
    const asked = tree.nodes("splits");
    sizes[position] = asked.length;
    for (const split of asked) splits.push(split.whole("split_index"));
    for (const value of tree.numbers("leaf_values")) leaves.push(value);
  }
  return {
    trees: { shape: "oblivious", splits: Int32Array.from(splits), sizes },
    leafValues: Float64Array.from(leaves),
  };
}

/** Nested nodes, walked without recursion: a file may be as deep as it likes. */
function binaryTrees(root: Node): Forest {
  const columns = { split: [] as number[], yes: [] as number[], no: [] as number[] };
  const leaves: number[] = [];
  let leafCount = 0;
  const place = (node: Node): number => {
    if (!node.has("split")) {
      const value = node.fields["value"];
      for (const one of Array.isArray(value) ? node.numbers("value") : [node.number("value")]) leaves.push(one);
      return ~leafCount++;
    }
    columns.split.push(node.node("split").whole("split_index"));
    columns.yes.push(0);
    columns.no.push(0);
    open.push([columns.split.length - 1, node]);
    return columns.split.length - 1;
  };
  const open: [position: number, node: Node][] = [];
  const roots = root.nodes("trees").map((tree) => {
    const position = place(tree);
    for (let next = open.pop(); next; next = open.pop()) {
      const [at, node] = next;
      columns.no[at] = place(node.node("left"));
      columns.yes[at] = place(node.node("right"));
    }
    return position;
  });
  const trees: BinaryTrees = {
    shape: "binary",
    roots: Int32Array.from(roots),
    split: Int32Array.from(columns.split),
    yes: Int32Array.from(columns.yes),
    no: Int32Array.from(columns.no),
  };
  return { trees, leafValues: Float64Array.from(leaves) };
}

/** An object of the file with its place in it, for messages. */
class Node {
  readonly fields: Fields;
  readonly #path: string;
  readonly #source: string;

  constructor(fields: Fields, path: string, source: string) {
    this.fields = fields;
    this.#path = path;
    this.#source = source;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.fields, key);
  }

  refuse(key: string, what: string): IngotError {
    return new IngotError("MODEL_INVALID", {
      what: `\`${this.#path}${key}\` ${what}`,
      where: this.#source,
      fix: "save the model again",
    });
  }

  node(key: string): Node {
    const value = this.fields[key];
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return new Node(value as Fields, `${this.#path}${key}.`, this.#source);
    throw this.refuse(key, "is not an object");
  }

  /** Objects of a list; none where the key is absent. */
  nodes(key: string): Node[] {
    const value = this.fields[key] ?? [];
    if (!Array.isArray(value)) throw this.refuse(key, "is not a list");
    return value.map((item: unknown, i) => {
      if (typeof item === "object" && item !== null)
        return new Node(item as Fields, `${this.#path}${key}[${i}].`, this.#source);
      throw this.refuse(`${key}[${i}]`, "is not an object");
    });
  }

  numbers(key: string): readonly number[] {
    const value = this.fields[key] ?? [];
    if (Array.isArray(value) && value.every((item) => typeof item === "number")) return value;
    throw this.refuse(key, "is not a list of numbers");
  }

  number(key: string): number {
    const value = this.fields[key];
    if (typeof value === "number") return value;
    throw this.refuse(key, "is not a number");
  }

  whole(key: string): number {
    const value = this.number(key);
    if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) return value;
    throw this.refuse(key, "is not a whole number");
  }

  text(key: string, fallback = ""): string {
    const value = this.fields[key] ?? fallback;
    if (typeof value === "string") return value;
    throw this.refuse(key, "is not text");
  }
}
