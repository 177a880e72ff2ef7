// Builds a graph node by node: names, types, shared constants and imports are kept track of here.
import { type DType, IngotError, nodeCrypto } from "../core/index.ts";
import { type AttributeInput, attributeOf } from "./attributes.ts";
import { Attributes } from "./infer/rule.ts";
import { ruleFor } from "./infer/rules.ts";
import { mergeFunctions } from "./merge_functions.ts";
import { emptyGraph, emptyModel } from "./messages.ts";
import type { Dimension, Graph, LocalFunction, Model, Node, StoredTensor, ValueInfo } from "./model.ts";
import { Names } from "./names.ts";
import { commonOpsets } from "./opset_changes.ts";
import { renameValues, valueNames } from "./rename.ts";
import { storedTensor } from "./stored_tensor.ts";
import { elementCount, type Tensor } from "./tensor.ts";
import { nodesIn } from "./walk.ts";

/** What Ingot writes (design: numbers). ONNX Runtime 1.18 and later load it. */
export const dialect = {
  irVersion: 10,
  opsets: { "": 21, "ai.onnx.ml": 5, "com.microsoft": 1 } as Readonly<Record<string, number>>,
};

/** A value of a graph under construction. */
export interface Value {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly Dimension[] | null;
}

export interface OpOptions {
  /** Default `""`, ai.onnx. */
  readonly domain?: string;
  /** Name of the node and stem of its outputs; made unique. Default: the operator and a number. */
  readonly name?: string;
  /** Type and shape of the outputs, for operators that inference does not know. */
  readonly results?: readonly { dtype: DType; shape?: readonly Dimension[] | null }[];
}

/** Builds one graph in Ingot's dialect: opset 21, ai.onnx.ml 5, IR 10. */
export class GraphBuilder {
  readonly #graph: Graph = emptyGraph();
  readonly #names = new Names();
  readonly #constants = new Map<string, Value>();
  /** Elements of small constants, for shape inference. */
  readonly #known = new Map<string, Tensor>();
  readonly #outputs: { value: Value; name: string }[] = [];
  readonly #embedded: Model[] = [];
  #functions: LocalFunction[] = [];

  constructor(name: string) {
    this.#graph.name = name;
  }

  /** @throws IngotError ONNX_INVALID when the name is taken */
  input(name: string, dtype: DType, shape: readonly Dimension[]): Value {
    if (!this.#names.take(name)) throw this.#invalid(`already has a value "${name}"`);
    const value: Value = { name, dtype, shape };
    this.#graph.inputs.push(declared(value));
    return value;
  }

  /** An initializer; equal contents share one. */
  constant(tensor: Tensor, hint = "constant"): Value {
    const stored = storedTensor("", tensor);
    const key = contentKey(tensor, stored.content);
    const existing = this.#constants.get(key);
    if (existing) return existing;
    stored.name = this.#names.unique(hint);
    this.#graph.initializers.push(stored);
    const value: Value = { name: stored.name, dtype: tensor.dtype, shape: tensor.dims };
    this.#constants.set(key, value);
    if (elementCount(tensor.dims) <= 64) this.#known.set(value.name, tensor);
    return value;
  }

  /** A node with one output. */
  op(
    opType: string,
    inputs: readonly (Value | null)[],
    attributes: Readonly<Record<string, AttributeInput>> = {},
    options: OpOptions = {},
  ): Value {
    return this.ops(opType, inputs, attributes, 1, options)[0]!;
  }

  /**
   * A node with several outputs. `null` among the inputs leaves an optional one out.
   * @throws IngotError ONNX_UNSUPPORTED when the type of an output cannot be inferred and `results` does not say it
   */
  ops(
    opType: string,
    inputs: readonly (Value | null)[],
    attributes: Readonly<Record<string, AttributeInput>>,
    outputs: number,
    options: OpOptions = {},
  ): Value[] {
    const { domain = "" } = options;
    const name = this.#names.unique(options.name ?? opType);
    const node = plainNode(
      opType,
      name,
      inputs.map((input) => input?.name ?? ""),
      [],
    );
    node.domain = domain;
    node.attributes = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
    while (node.inputs.at(-1) === "") node.inputs.pop();
    const values = this.#results(node, inputs, outputs, options).map((result, i): Value => {
      return { name: i === 0 ? name : this.#names.unique(`${name}_${i}`), ...result };
    });
    node.outputs = values.map((value) => value.name);
    this.#graph.nodes.push(node);
    return values;
  }

  /** A function that nodes of this graph may call, as an operator of its domain. */
  define(local: LocalFunction): void {
    this.#functions.push(local);
  }

  /**
   * Puts a whole model into this graph: its inputs are given, its inner values and nodes make room where names clash.
   * @param feeds a value for each input of the model that has no default
   * @returns its outputs by name
   * @throws IngotError ONNX_INVALID for an input that is not given
   */
  embed(model: Model, feeds: ReadonlyMap<string, Value>): Map<string, Value> {
    const { graph } = model;
    const defaults = new Set(graph.initializers.map(({ name }) => name));
    const names = new Map([...feeds].map(([name, value]) => [name, value.name]));
    for (const { name } of graph.inputs)
      if (!names.has(name) && !defaults.has(name)) throw this.#invalid(`is not given the input "${name}" of a model`);
    for (const name of valueNames(graph)) if (!names.has(name)) names.set(name, this.#names.unique(name));
    const own = renameValues(
      { ...graph, initializers: graph.initializers.filter(({ name }) => !feeds.has(name)) },
      names,
    );
    const { functions, retarget } = mergeFunctions(this.#functions, model.functions);
    this.#functions = functions;
    this.#graph.initializers.push(...own.initializers);
    this.#graph.sparseInitializers.push(...own.sparseInitializers);
    this.#graph.nodes.push(...this.#withOwnNames(retarget(own.nodes)));
    this.#embedded.push(model);
    return new Map(
      graph.outputs.map(({ name, type }): [string, Value] => {
        if (type?.kind !== "tensor" || type.dtype === null)
          throw this.#invalid(`embeds an output "${name}" of no type`);
        return [name, { name: names.get(name)!, dtype: type.dtype, shape: type.shape }];
      }),
    );
  }

  /** ONNX Runtime refuses a graph with two nodes of one name. */
  #withOwnNames(nodes: readonly Node[]): Node[] {
    const before = new Set(this.#graph.nodes.map(({ name }) => name));
    return nodes.map((node) => {
      if (node.name === "") return node;
      if (before.has(node.name)) return { ...node, name: this.#names.unique(node.name) };
      this.#names.take(node.name);
      return node;
    });
  }

  /** The graph output gets this exact name. @throws IngotError ONNX_INVALID when an input or output has it already */
  output(value: Value, name: string): void {
    if (this.#graph.inputs.some((input) => input.name === name) || this.#outputs.some((output) => output.name === name))
      throw this.#invalid(`already has an input or output "${name}"`);
    this.#outputs.push({ value, name });
  }

  /**
   * The model: nodes and constants that no output needs are left out.
   * @throws IngotError ONNX_INVALID without outputs, ONNX_UNSUPPORTED where the opset of an embedded model cannot be joined
   */
  build(meta: { metadata?: [string, string][]; docString?: string } = {}): Model {
    if (this.#outputs.length === 0) throw this.#invalid("has no outputs");
    const named = this.#named();
    const nodes = needed(named.nodes, this.#outputs);
    const read = new Set(nodes.flatMap(namesRead));
    const initializers = named.initializers.filter((tensor) => read.has(tensor.name));
    const graph: Graph = { ...this.#graph, nodes, initializers, outputs: this.#outputs.map(outputInfo) };
    const foreign = new Set(this.#embedded.flatMap(({ opsetImports }) => opsetImports.map(({ domain }) => domain)));
    const domains = [...new Set(["", ...graph.nodes.map((node) => node.domain)])]
      .filter((domain) => Object.hasOwn(dialect.opsets, domain) || !foreign.has(domain))
      .sort();
    const built: Model = {
      ...emptyModel(),
      irVersion: Math.max(dialect.irVersion, ...this.#embedded.map(({ irVersion }) => irVersion)),
      opsetImports: domains.map((domain) => ({ domain, version: dialect.opsets[domain] ?? 1 })),
      producerName: "ingot",
      docString: meta.docString ?? "",
      graph,
      functions: called(nodes, this.#functions),
      metadata: meta.metadata ?? [],
    };
    for (const model of this.#embedded) built.opsetImports = commonOpsets(built, model);
    return built;
  }

  /** The nodes, with every output under its own name: renamed where one node makes it, by Identity elsewhere. */
  #named(): Pick<Graph, "nodes" | "initializers"> {
    const produced = new Set(this.#graph.nodes.flatMap((node) => node.outputs));
    // Nested graphs read values of this one by name, so nothing is renamed under them.
    const captured = new Set(this.#graph.nodes.flatMap((node) => namesRead({ ...node, inputs: [] })));
    const free = this.#names.copy();
    const names = new Map<string, string>();
    const copies: Node[] = [];
    for (const { value, name } of this.#outputs) {
      if (value.name === name) continue;
      if (produced.has(value.name) && !names.has(value.name) && !captured.has(value.name)) names.set(value.name, name);
      else copies.push(plainNode("Identity", free.unique(`${name}_copy`), [value.name], [name]));
    }
    // Anything else that happens to have the name of an output makes room.
    for (const { value, name } of this.#outputs) {
      if (!this.#names.has(name) || value.name === name || names.has(name)) continue;
      if (captured.has(name))
        throw this.#invalid(`has a value "${name}" that a nested graph reads; it cannot be an output's name`);
      names.set(name, free.unique(name));
    }
    const renamed = (name: string) => names.get(name) ?? name;
    const kept = this.#graph.nodes.map((node) => ({ ...node, outputs: node.outputs.map(renamed) }));
    const nodes = [...kept, ...copies].map((node) => ({ ...node, inputs: node.inputs.map(renamed) }));
    const initializers = this.#graph.initializers.map((tensor) => ({ ...tensor, name: renamed(tensor.name) }));
    return { nodes, initializers };
  }

  #results(node: Node, inputs: readonly (Value | null)[], outputs: number, { results }: OpOptions) {
    const facts =
      ruleFor(
        node.domain,
        node.opType,
      )?.({
        opType: node.opType,
        inputs: inputs.map((input) => input && { ...input, constant: this.#known.get(input.name) }),
        outputs,
        attributes: new Attributes(node),
        opset: dialect.opsets[node.domain] ?? 1,
      }) ?? [];
    return Array.from({ length: outputs }, (_, i) => {
      const dtype = results?.[i]?.dtype ?? facts[i]?.dtype;
      if (!dtype)
        throw new IngotError("ONNX_UNSUPPORTED", {
          what: `the type of output ${i} of ${node.opType} is not known`,
          where: `graph "${this.#graph.name}", node "${node.name}"`,
          fix: "give `results`, or add the operator to src/onnx/infer",
        });
      return { dtype, shape: results?.[i]?.shape ?? facts[i]?.shape ?? null };
    });
  }

  #invalid(what: string): IngotError {
    return new IngotError("ONNX_INVALID", { what: `graph "${this.#graph.name}" ${what}` });
  }
}

function plainNode(opType: string, name: string, inputs: string[], outputs: string[]): Node {
  return { name, opType, domain: "", overload: "", inputs, outputs, attributes: [], docString: "", metadata: [] };
}

function declared({ name, dtype, shape }: Value): ValueInfo {
  return { name, type: { kind: "tensor", dtype, shape: shape && [...shape] }, docString: "" };
}

function outputInfo({ value, name }: { value: Value; name: string }): ValueInfo {
  return declared({ ...value, name });
}

/** Names that a node reads, those of its nested graphs included. */
function namesRead(node: Node): string[] {
  const names = [...node.inputs];
  for (const attribute of node.attributes)
    for (const graph of attribute.kind === "graph"
      ? [attribute.value]
      : attribute.kind === "graphs"
        ? attribute.value
        : [])
      names.push(...graph.nodes.flatMap(namesRead), ...graph.outputs.map((output) => output.name));
  return names;
}

/** The functions that nodes call, directly or through others. */
function called(nodes: readonly Node[], functions: readonly LocalFunction[]): LocalFunction[] {
  if (functions.length === 0) return [];
  const byName = new Map(functions.map((local) => [`${local.domain}:${local.name}`, local]));
  const used = new Set<LocalFunction>();
  const visit = (list: readonly Node[]): void => {
    for (const node of nodesIn(list)) {
      const local = byName.get(`${node.domain}:${node.opType}`);
      if (local && used.size < used.add(local).size) visit(local.nodes);
    }
  };
  visit(nodes);
  return functions.filter((local) => used.has(local));
}

/** The nodes that the outputs depend on, in their order. */
function needed(nodes: readonly Node[], outputs: readonly { name: string }[]): Node[] {
  const wanted = new Set(outputs.map((output) => output.name));
  const kept: Node[] = [];
  for (const node of nodes.toReversed())
    if (node.outputs.some((name) => wanted.has(name))) {
      for (const name of namesRead(node)) wanted.add(name);
      kept.push(node);
    }
  return kept.reverse();
}

/** Bytes of a tensor that is its own key: hashing costs more. */
const smallConstant = 2048;

/** Equal for equal tensors, without keeping the bytes of large ones. */
function contentKey({ dtype, dims }: Tensor, content: StoredTensor["content"]): string {
  const head = `${dtype} ${dims}\n`;
  if (content.kind === "raw" && content.bytes.length <= smallConstant) {
    const { buffer, byteOffset, byteLength } = content.bytes;
    return head + Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
  }
  const hash = nodeCrypto().createHash("sha256").update(head);
  if (content.kind === "raw") hash.update(content.bytes);
  if (content.kind === "strings") for (const text of content.values) hash.update(`${text.length} `).update(text);
  return hash.digest("base64");
}
