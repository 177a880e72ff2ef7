// A graph with one input for every column, as one with few: columns of one element type become a matrix, texts a list of different ones with
// their places. Only data moves, so that no number changes. Made in memory when a graph is loaded: what crosses into ONNX Runtime costs by
// the piece (about 4 µs for an input, 0.2 µs for a text), and many small nodes around the inputs fall away.
import type { DType } from "../../core/index.ts";
import {
  type Dimension,
  type Graph,
  inlineFunctions,
  int64,
  type Model,
  Names,
  type Node,
  nestedGraphs,
  opsetVersion,
  type StoredTensor,
  storedTensor,
  type Tensor,
  tensorOf,
  type ValueInfo,
  valueNames,
} from "../../onnx/index.ts";

/** One column, as the graph had it. */
export interface PackedColumn {
  readonly name: string;
  /** `[N, 1]` instead of `[N]`. */
  readonly isColumn: boolean;
}

export interface PackedGroup {
  readonly dtype: DType;
  readonly columns: readonly PackedColumn[];
  /** The input that takes the matrix `[N, columns]`; of texts the different ones, `[U]`. */
  readonly input: string;
  /** Texts only: the input that takes where each one is among them, int64 `[N, columns]`. */
  readonly places?: string;
}

export interface PackedModel {
  readonly model: Model;
  readonly groups: readonly PackedGroup[];
}

/** Fewer columns are not worth it. */
const fewest = 3;
const packable: ReadonlySet<DType> = new Set<DType>(["float32", "float64", "int64", "int32", "bool", "string"]);

/** Null where there is nothing to gain. */
export function packInputs(given: Model): PackedModel | null {
  // Before IR 4 constants were inputs too.
  if (given.irVersion < 4 || opsetVersion(given.opsetImports, "") < 1) return null;
  const found = groupsIn(given.graph);
  if (found.length === 0) return null;
  const model = inlineFunctions(given);
  return new Packing(model, found).packed();
}

/** Inputs of one element type and one number of records. */
function groupsIn(graph: Graph): PackedColumn[][] {
  const taken = new Set([...graph.initializers, ...graph.outputs].map(({ name }) => name));
  const groups = new Map<string, PackedColumn[]>();
  for (const { name, type } of graph.inputs) {
    if (taken.has(name) || type?.kind !== "tensor" || !type.dtype || !packable.has(type.dtype)) continue;
    const [records, width, ...rest] = type.shape ?? [];
    if (typeof records !== "string" || records === "" || rest.length > 0) continue;
    if (width !== undefined && width !== 1) continue;
    const key = `${type.dtype} ${records}`;
    groups.set(key, [...(groups.get(key) ?? []), { name, isColumn: width === 1 }]);
  }
  return [...groups.values()].filter((columns) => columns.length >= fewest);
}

/** What an input takes: the numbers `[N, width]`, or the different texts and where each one is. */
interface Matrix {
  readonly value: string;
  readonly width: number;
  readonly places?: string | undefined;
}

/** Columns of a matrix that a value of the graph holds: side by side, or (`isFlat`) one alone as `[N]`. */
interface View {
  readonly matrix: Matrix;
  readonly places: readonly number[];
  readonly isFlat: boolean;
}

class Packing {
  readonly #graph: Graph;
  readonly #model: Model;
  readonly #names: Names;
  readonly #groups: PackedGroup[];
  readonly #views = new Map<string, View>();
  /** Views that have nodes. */
  readonly #made = new Set<string>();
  readonly #nodes: Node[] = [];
  readonly #initializers: StoredTensor[] = [];
  readonly #constants = new Map<string, string>();
  readonly #casts = new Map<string, Matrix>();
  readonly #known = new Map<string, () => Tensor>();

  constructor(model: Model, found: readonly (readonly PackedColumn[])[]) {
    this.#model = model;
    this.#graph = model.graph;
    this.#names = new Names(valueNames(model.graph));
    const types = new Map(
      model.graph.inputs.map(({ name, type }) => [name, type?.kind === "tensor" ? type.dtype : null]),
    );
    this.#groups = found.map((columns) => {
      const dtype = types.get(columns[0]!.name)!;
      const isText = dtype === "string";
      const ordered = asRead(columns, model.graph.nodes);
      const input = this.#names.unique(isText ? "packed_texts" : `packed_${dtype}`);
      return { dtype, columns: ordered, input, ...(isText ? { places: this.#names.unique("packed_places") } : {}) };
    });
    for (const { columns, input, places } of this.#groups) {
      const matrix: Matrix = { value: input, width: columns.length, places };
      columns.forEach(({ name, isColumn }, at) => {
        this.#views.set(name, { matrix, places: [at], isFlat: !isColumn });
      });
    }
    for (const tensor of model.graph.initializers) this.#known.set(tensor.name, () => tensorOf(tensor));
  }

  packed(): PackedModel {
    for (const node of this.#graph.nodes) this.#add(node);
    for (const { name } of this.#graph.outputs) this.#make(name);
    const gone = new Set(this.#groups.flatMap(({ columns }) => columns.map(({ name }) => name)));
    const first = this.#graph.inputs.find(({ name }) => gone.has(name))!;
    const records = (first.type as { shape: readonly Dimension[] }).shape[0]!;
    const inputs = this.#groups.flatMap(({ dtype, columns, input, places }): ValueInfo[] =>
      places === undefined
        ? [declared(input, dtype, [records, columns.length])]
        : [declared(input, dtype, ["packed_texts"]), declared(places, "int64", [records, columns.length])],
    );
    const graph: Graph = {
      ...this.#graph,
      inputs: [...inputs, ...this.#graph.inputs.filter(({ name }) => !gone.has(name))],
      initializers: [...this.#graph.initializers, ...this.#initializers],
      nodes: this.#nodes,
    };
    return { model: { ...this.#model, graph }, groups: this.#groups };
  }

  #add(node: Node): void {
    const constant =
      node.opType === "Constant" && isPlain(node) ? node.attributes.find(({ name }) => name === "value") : undefined;
    if (constant?.kind === "tensor") this.#known.set(node.outputs[0]!, () => tensorOf(constant.value));
    const view = this.#viewOf(node);
    if (view) {
      this.#views.set(node.outputs[0]!, view);
      return;
    }
    if (this.#addLookup(node)) return;
    const read = node.opType === "Concat" && isBesides(node) ? this.#joined(node) : node;
    for (const name of namesRead(read)) this.#make(name);
    this.#nodes.push(read);
  }

  /** What a node makes of views, where that is a view again. */
  #viewOf(node: Node): View | null {
    if (!isPlain(node) || node.outputs.length !== 1) return null;
    const views = node.inputs.map((name) => this.#views.get(name));
    const [first] = views;
    if (!first) return null;
    const { matrix, places, isFlat } = first;
    switch (node.opType) {
      case "Identity":
        return first;
      case "Cast":
        return matrix.places === undefined ? { ...first, matrix: this.#cast(node, matrix) } : null;
      case "Concat":
        if (!isBesides(node) || !views.every((view) => view?.matrix === matrix && !view.isFlat)) return null;
        return { matrix, places: views.flatMap((view) => view!.places), isFlat: false };
      case "Squeeze":
        return !isFlat && places.length === 1 && `${this.#axes(node)}` === "1" ? { ...first, isFlat: true } : null;
      case "Unsqueeze":
        return isFlat && `${this.#axes(node)}` === "1" ? { ...first, isFlat: false } : null;
      case "Gather": {
        const indices = isFlat || !isBesides(node) ? undefined : this.#constantOf(node.inputs[1]);
        if (!indices || indices.dims.length > 1) return null;
        const wanted = Array.from(indices.data as ArrayLike<number | bigint>, Number);
        if (wanted.some((at) => at < 0 || at >= places.length)) return null;
        return { matrix, places: wanted.map((at) => places[at]!), isFlat: indices.dims.length === 0 };
      }
      default:
        return null;
    }
  }

  /** The whole matrix in another element type: one node for all columns that are cast to it. */
  #cast(node: Node, matrix: Matrix): Matrix {
    const attribute = node.attributes.find(({ name }) => name === "to");
    const key = `${matrix.value} ${attribute?.kind === "int" ? attribute.value : ""}`;
    const known = this.#casts.get(key);
    if (known) return known;
    const value = this.#names.unique(`${matrix.value}_cast`);
    this.#nodes.push({ ...node, name: value, inputs: [matrix.value], outputs: [value] });
    const cast: Matrix = { value, width: matrix.width };
    this.#casts.set(key, cast);
    return cast;
  }

  /** A table of texts is asked once for each different text. */
  #addLookup(node: Node): boolean {
    const view = this.#views.get(node.inputs[0] ?? "");
    if (node.opType !== "LabelEncoder" || node.domain !== "ai.onnx.ml" || view?.matrix.places === undefined)
      return false;
    const once = this.#names.unique(`${node.outputs[0]}_once`);
    this.#nodes.push({ ...node, name: once, inputs: [view.matrix.value], outputs: [once] });
    this.#gather(node.outputs[0]!, once, this.#placesOf(view), 0);
    return true;
  }

  /** The node, with neighbours of one matrix as one value. */
  #joined(node: Node): Node {
    const inputs: string[] = [];
    for (let start = 0; start < node.inputs.length; ) {
      const first = this.#views.get(node.inputs[start]!);
      let end = start + 1;
      while (first && end < node.inputs.length) {
        const next = this.#views.get(node.inputs[end]!);
        if (next?.matrix !== first.matrix || next.isFlat || first.isFlat) break;
        end++;
      }
      const run = node.inputs.slice(start, end);
      if (run.length === 1) inputs.push(run[0]!);
      else {
        const name = this.#names.unique("packed_columns");
        this.#views.set(name, { ...first!, places: run.flatMap((input) => this.#views.get(input)!.places) });
        inputs.push(name);
      }
      start = end;
    }
    return { ...node, inputs };
  }

  /** Gives a view its nodes, under its name. */
  #make(name: string): void {
    const view = this.#views.get(name);
    if (!view || this.#made.has(name)) return;
    this.#made.add(name);
    const { value, places } = view.matrix;
    if (places !== undefined) this.#gather(name, value, this.#placesOf(view), 0);
    else if (isWhole(view)) this.#nodes.push(plainNode("Identity", name, [value]));
    else this.#take(name, value, view);
  }

  /** Neighbours are sliced out, which is quicker than to gather them. */
  #take(name: string, matrix: string, view: View): void {
    const { places, isFlat } = view;
    const isRun = !isFlat && places.length > 1 && places.every((place, at) => place === places[0]! + at);
    if (!isRun || opsetVersion(this.#model.opsetImports, "") < 10) {
      this.#gather(name, matrix, this.#indices(places, isFlat), 1);
      return;
    }
    const bounds = [[places[0]!], [places.at(-1)! + 1], [1]].map((bound) => this.#indices(bound, false));
    this.#nodes.push(plainNode("Slice", name, [matrix, ...bounds]));
  }

  /** Where the view's texts are: int64, of its shape. */
  #placesOf(view: View): string {
    if (isWhole(view)) return view.matrix.places!;
    const name = this.#names.unique("packed_places");
    this.#take(name, view.matrix.places!, view);
    return name;
  }

  #indices(places: readonly number[], isFlat: boolean): string {
    const key = `${isFlat} ${places}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.#names.unique("packed_indices");
    this.#initializers.push(storedTensor(name, int64(places, isFlat ? [] : [places.length])));
    this.#constants.set(key, name);
    return name;
  }

  #gather(output: string, from: string, indices: string, axis: number): void {
    const attributes: Node["attributes"] = [{ name: "axis", kind: "int", value: BigInt(axis) }];
    this.#nodes.push({ ...plainNode("Gather", output, [from, indices]), attributes });
  }

  #axes(node: Node): number[] | null {
    const attribute = node.attributes.find(({ name }) => name === "axes");
    if (attribute?.kind === "ints") return Array.from(attribute.value as ArrayLike<number | bigint>, Number);
    const tensor = this.#constantOf(node.inputs[1]);
    return tensor ? Array.from(tensor.data as ArrayLike<number | bigint>, Number) : null;
  }

  #constantOf(name: string | undefined): Tensor | undefined {
    return name === undefined ? undefined : this.#known.get(name)?.();
  }
}

function isWhole({ matrix, places, isFlat }: View): boolean {
  return !isFlat && places.length === matrix.width && places.every((place, at) => place === at);
}

/** In the order of the longest Concat of them, so that it has nothing left to do. */
function asRead(columns: readonly PackedColumn[], nodes: readonly Node[]): PackedColumn[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const lists = nodes
    .filter((node) => node.opType === "Concat" && isPlain(node))
    .map(({ inputs }) => [...new Set(inputs.filter((name) => byName.has(name)))]);
  const longest = lists.reduce((a, b) => (b.length > a.length ? b : a), []);
  const first = new Set(longest);
  return [...longest.map((name) => byName.get(name)!), ...columns.filter(({ name }) => !first.has(name))];
}

/** Whether it works along the columns of matrices. */
function isBesides(node: Node): boolean {
  const attribute = node.attributes.find(({ name }) => name === "axis");
  return attribute?.kind === "int" && (attribute.value === 1n || attribute.value === -1n);
}

function isPlain({ domain }: Node): boolean {
  return domain === "" || domain === "ai.onnx";
}

function namesRead(node: Node): string[] {
  const nested = nestedGraphs(node);
  return [...node.inputs, ...nested.flatMap((graph) => [...valueNames(graph)])];
}

function plainNode(opType: string, output: string, inputs: string[]): Node {
  return {
    name: output,
    opType,
    domain: "",
    overload: "",
    inputs,
    outputs: [output],
    attributes: [],
    docString: "",
    metadata: [],
  };
}

function declared(name: string, dtype: DType, shape: readonly Dimension[]): ValueInfo {
  return { name, type: { kind: "tensor", dtype, shape }, docString: "" };
}
