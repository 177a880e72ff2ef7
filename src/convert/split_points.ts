// Where the answers of a graph can jump: the values that its inputs are compared with, found by walking the graph forwards and keeping
// track of which column of an input every column of a value comes from. Generic: no converter has to say anything.
import type { Schema } from "../core/index.ts";
import { inferModel, type Model, type Node, nodesOf, type StoredTensor, type Tensor, tensorOf } from "../onnx/index.ts";
import { treeSplits } from "./tree_splits.ts";

/** What one element of an input is compared with. */
export interface CellPoints {
  readonly numbers: Set<number>;
  readonly texts: Set<string>;
  /** It is rounded to float32 on its way: neighbours in float32 count as well. */
  isSingle: boolean;
}

/** A column of a value: `scale * x + offset` of an input's element. */
interface Origin {
  readonly cell: CellPoints;
  readonly scale: number;
  readonly offset: number;
}

type Columns = readonly (Origin | null)[];

/** Larger constants are weights, not values to compare with. */
const largestConstant = 1 << 16;
/** Kept per element of an input. */
const mostPoints = 1 << 16;

const through = new Set([
  "Identity",
  "Cast",
  "Floor",
  "Ceil",
  "Round",
  "Imputer",
  "Squeeze",
  "Unsqueeze",
  "Reshape",
  "Flatten",
  "Clip",
  "Tokenizer",
]);
const comparing = new Set(["Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal"]);

/** @returns per input name: the points of each of its elements; inputs of more than one dimension are left out */
export function splitPoints(model: Model, schema: Schema): Map<string, CellPoints[]> {
  const cells = new Map<string, CellPoints[]>();
  for (const { name, shape } of schema.inputs) {
    const width = shape.length === 0 ? 1 : shape.length === 1 ? shape[0] : null;
    if (typeof width !== "number") continue;
    cells.set(
      name,
      Array.from({ length: width }, () => ({ numbers: new Set<number>(), texts: new Set<string>(), isSingle: false })),
    );
  }
  const walk = new Walk(model);
  for (const [name, list] of cells)
    walk.columns.set(
      name,
      list.map((cell) => ({ cell, scale: 1, offset: 0 })),
    );
  for (const node of model.graph.nodes) walk.step(node);
  return cells;
}

class Walk {
  readonly columns = new Map<string, Columns>();
  readonly #constants = new Map<string, StoredTensor>();
  readonly #widths: (name: string) => number | null;

  constructor(model: Model) {
    for (const stored of model.graph.initializers) this.#constants.set(stored.name, stored);
    for (const node of nodesOf(model)) {
      const value = node.opType === "Constant" ? node.attributes.find(({ name }) => name === "value") : undefined;
      if (value?.kind === "tensor" && node.outputs[0] !== undefined) this.#constants.set(node.outputs[0], value.value);
    }
    const facts = inferModel(model);
    this.#widths = (name) => {
      const shape = facts.get(name)?.shape;
      if (!shape) return null;
      const last = shape.length > 1 ? shape.at(-1) : 1;
      return typeof last === "number" ? last : null;
    };
  }

  step(node: Node): void {
    const { opType, inputs, outputs } = node;
    const first = this.columns.get(inputs[0] ?? "");
    const put = (columns: Columns | undefined) => columns && this.columns.set(outputs[0]!, columns);
    if (through.has(opType)) {
      const isSingle = opType === "Cast" && node.attributes.some((each) => each.kind === "int" && each.value === 1n);
      if (isSingle) for (const origin of first ?? []) if (origin) origin.cell.isSingle = true;
      const width = this.#widths(outputs[0]!);
      if (first && (width === null || width === first.length)) put(first);
    } else if (opType === "Concat") put(this.#concat(node));
    else if (opType === "Where") put(this.columns.get(inputs[1] ?? "") ?? this.columns.get(inputs[2] ?? ""));
    else if (opType === "Gather" || opType === "ArrayFeatureExtractor") put(this.#picked(node, first));
    else if (opType === "Neg") put(first && moved(first, -1, 0));
    else if (["Add", "Sub", "Mul", "Div"].includes(opType)) put(this.#arithmetic(node));
    else if (comparing.has(opType)) this.#compare(inputs);
    else if (opType === "LabelEncoder" || opType === "OneHotEncoder") addKeys(node, first);
    else if (opType.startsWith("TreeEnsemble") && first) {
      for (const [feature, value] of treeSplits(node)) record(first[feature], value);
    }
  }

  #constant(name: string | undefined): Tensor | null {
    const stored = name === undefined ? undefined : this.#constants.get(name);
    if (!stored || stored.content.kind === "external") return null;
    return stored.dims.reduce((product, dim) => product * dim, 1) <= largestConstant ? tensorOf(stored) : null;
  }

  #concat({ inputs }: Node): Columns | undefined {
    if (!inputs.some((name) => this.columns.has(name))) return undefined;
    const parts: (Origin | null)[] = [];
    for (const name of inputs) {
      const known = this.columns.get(name);
      const width = known?.length ?? this.#widths(name);
      if (width === null || width > largestConstant) return undefined;
      parts.push(...(known ?? new Array<null>(width).fill(null)));
    }
    return parts;
  }

  #picked(node: Node, first: Columns | undefined): Columns | undefined {
    const axis = node.attributes.find(({ name }) => name === "axis");
    const isColumn = node.opType !== "Gather" || (axis?.kind === "int" && (axis.value === 1n || axis.value === -1n));
    const places = this.#constant(node.inputs[1]);
    if (!first || !isColumn || !places || places.dtype === "string") return undefined;
    return Array.from(places.data as ArrayLike<number | bigint>, (place) => first.at(Number(place)) ?? null);
  }

  #arithmetic({ opType, inputs }: Node): Columns | undefined {
    const isFirst = this.columns.has(inputs[0]!);
    const columns = this.columns.get(inputs[isFirst ? 0 : 1]!);
    const constant = numbersOf(this.#constant(inputs[isFirst ? 1 : 0]));
    if (!columns || !constant || (constant.length !== 1 && constant.length !== columns.length)) return undefined;
    return columns.map((origin, at) => {
      const c = constant[constant.length === 1 ? 0 : at]!;
      if (opType === "Add") return movedOne(origin, 1, c);
      if (opType === "Sub") return isFirst ? movedOne(origin, 1, -c) : movedOne(origin, -1, c);
      if (opType === "Mul") return movedOne(origin, c, 0);
      return isFirst ? movedOne(origin, 1 / c, 0) : null;
    });
  }

  #compare(inputs: readonly string[]): void {
    const columns = this.columns.get(inputs[0]!) ?? this.columns.get(inputs[1]!);
    const other = this.#constant(inputs[this.columns.has(inputs[0]!) ? 1 : 0]);
    if (!columns || !other) return;
    if (other.dtype === "string") {
      if (columns.length === 1) for (const text of other.data as string[]) columns[0]?.cell.texts.add(text);
      return;
    }
    const values = numbersOf(other) ?? [];
    for (const [at, origin] of columns.entries()) {
      const own =
        values.length === columns.length ? [values[at]!] : columns.length === 1 || values.length === 1 ? values : [];
      for (const value of own) record(origin, value);
    }
  }
}

function record(origin: Origin | null | undefined, value: number): void {
  if (!origin || origin.cell.numbers.size >= mostPoints) return;
  const point = (value - origin.offset) / origin.scale;
  if (Number.isFinite(point)) origin.cell.numbers.add(point);
}

function moved(columns: Columns, scale: number, offset: number): Columns {
  return columns.map((origin) => movedOne(origin, scale, offset));
}

function movedOne(origin: Origin | null, scale: number, offset: number): Origin | null {
  if (!origin || scale === 0 || !Number.isFinite(scale) || !Number.isFinite(offset)) return null;
  return { cell: origin.cell, scale: origin.scale * scale, offset: origin.offset * scale + offset };
}

function numbersOf(tensor: Tensor | null): number[] | null {
  if (!tensor || tensor.dtype === "string" || tensor.data.length > largestConstant) return null;
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

const decoder = new TextDecoder();

/** Keys of encoders: the categories that the graph knows. */
function addKeys(node: Node, columns: Columns | undefined): void {
  for (const [at, origin] of (columns ?? []).entries()) {
    if (!origin || at >= 64) continue;
    for (const attribute of node.attributes) {
      if (!/^(keys|cats)_/.test(attribute.name)) continue;
      if (attribute.kind === "strings") for (const text of attribute.value) origin.cell.texts.add(decoder.decode(text));
      else if (attribute.kind === "ints" || attribute.kind === "floats")
        for (const number of attribute.value) record(origin, Number(number));
      else if (attribute.kind === "tensor") {
        const tensor = tensorOf(attribute.value);
        if (Array.isArray(tensor.data)) for (const text of tensor.data) origin.cell.texts.add(text);
        else for (const number of numbersOf(tensor) ?? []) record(origin, number);
      }
    }
  }
}
