// Arbitrary models, for property tests.
import fc from "fast-check";
import type { DType } from "../../src/core/index.ts";
import {
  type Attribute,
  type AttributeValue,
  byteLength,
  dataTypes,
  elementCount,
  emptyGraph,
  emptyModel,
  type Graph,
  type Model,
  type Node,
  type StoredTensor,
  type ValueInfo,
  type ValueType,
} from "../../src/onnx/index.ts";

const text = fc.string({ unit: "grapheme", maxLength: 6 });
const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 });
const bytes = fc.uint8Array({ maxLength: 9 });
const dtype: fc.Arbitrary<DType> = fc.constantFrom(...dataTypes.map((type) => type.dtype));
const dims = fc.array(fc.nat(3), { maxLength: 3 });
const metadata = fc.array(fc.tuple(text, text), { maxLength: 2 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

const tensor: fc.Arbitrary<StoredTensor> = fc
  .tuple(text, dtype, dims, text)
  .chain(([tensorName, type, shape, docString]) => {
    const count = elementCount(shape);
    const length = byteLength(type, count);
    const raw = fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((found) => ({ kind: "raw" as const, bytes: found }));
    const strings = fc
      .array(bytes, { minLength: count, maxLength: count })
      .map((values) => ({ kind: "strings" as const, values }));
    const external = fc.record({
      kind: fc.constant("external" as const),
      location: name,
      offset: fc.bigInt({ min: 0n, max: 2n ** 50n }),
      length: fc.option(fc.bigInt({ min: 0n, max: 2n ** 50n })),
      extra: fc.array(fc.tuple(fc.constant("checksum"), name), { maxLength: 1 }),
    });
    const content: fc.Arbitrary<StoredTensor["content"]> = fc.oneof(type === "string" ? strings : raw, external);
    return content.map((found) => ({ name: tensorName, dtype: type, dims: shape, content: found, docString }));
  });

const dimension = fc.oneof(fc.nat(1000), fc.constant(null), name);
const shape = fc.option(fc.array(dimension, { maxLength: 3 }));
const { type: valueType } = fc.letrec<{ type: ValueType }>((tie) => ({
  type: fc.oneof(
    { depthSize: "small" },
    fc.record({ kind: fc.constantFrom("tensor", "sparse_tensor"), dtype, shape }) as fc.Arbitrary<ValueType>,
    fc.record({
      kind: fc.constantFrom("sequence", "optional"),
      element: fc.option(tie("type")),
    }) as fc.Arbitrary<ValueType>,
    fc.record({
      kind: fc.constant("map" as const),
      key: dtype,
      value: fc.option(tie("type")),
    }) as fc.Arbitrary<ValueType>,
  ),
}));
const valueInfo: fc.Arbitrary<ValueInfo> = fc.record({ name: text, type: fc.option(valueType), docString: text });
const sparse = fc.record({ values: tensor, indices: tensor, dims });

const intList = fc.oneof(
  fc.array(fc.integer(), { maxLength: 300 }).map((list) => Int32Array.from(list)),
  fc.array(int64, { minLength: 1, maxLength: 300 }).map(narrowest),
);

/** The form a reader finds: 32 bits wide when every value fits. */
function narrowest(list: readonly bigint[]): Int32Array | BigInt64Array {
  const fits = list.every((value) => BigInt.asIntN(32, value) === value);
  return fits ? Int32Array.from(list, Number) : BigInt64Array.from(list);
}

const float = fc.float({ noNaN: true });
const { graph, attribute } = fc.letrec<{ graph: Graph; attribute: Attribute; node: Node }>((tie) => {
  const few = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 2, depthIdentifier: "graph" });
  const value = fc.oneof(
    { depthIdentifier: "graph", maxDepth: 3 },
    kind("int", int64),
    kind("float", float),
    kind("string", bytes),
    kind("tensor", tensor),
    kind("type", valueType),
    kind(
      "floats",
      fc.array(float, { maxLength: 300 }).map((list) => Float32Array.from(list)),
    ),
    kind("ints", intList),
    kind("strings", fc.array(bytes, { maxLength: 3 })),
    kind("tensors", few(tensor)),
    kind("sparse_tensor", sparse),
    kind("sparse_tensors", few(sparse)),
    kind("types", few(valueType)),
    kind("graph", tie("graph")),
    kind("graphs", few(tie("graph"))),
  );
  return {
    attribute: fc.oneof(
      fc.tuple(name, value).map(([attributeName, found]) => ({ name: attributeName, ...found }) as Attribute),
      fc.tuple(name, name, fc.constantFrom("int", "tensor", "ints")).map(
        ([attributeName, from, wanted]) =>
          ({
            name: attributeName,
            kind: "undefined",
            value: null,
            reference: { name: from, kind: wanted },
          }) as Attribute,
      ),
    ),
    node: fc.record({
      name: text,
      opType: text,
      domain: text,
      overload: text,
      inputs: fc.array(text, { maxLength: 3 }),
      outputs: fc.array(text, { maxLength: 3 }),
      attributes: few(tie("attribute")),
      docString: text,
      metadata,
    }),
    graph: fc.record({
      name: text,
      docString: text,
      nodes: few(tie("node")),
      inputs: few(valueInfo),
      outputs: few(valueInfo),
      valueInfos: few(valueInfo),
      initializers: few(tensor),
      sparseInitializers: few(sparse),
      metadata,
    }),
  };
});

function kind<K extends AttributeValue["kind"]>(which: K, value: fc.Arbitrary<unknown>) {
  return value.map((found) => ({ kind: which, value: found }));
}

const opset = fc.record({ domain: text, version: fc.nat(40) });

export const anyModel: fc.Arbitrary<Model> = fc.record({
  irVersion: fc.integer({ min: 1, max: 13 }),
  opsetImports: fc.array(opset, { maxLength: 2 }),
  producerName: text,
  producerVersion: text,
  domain: text,
  modelVersion: int64,
  docString: text,
  graph,
  functions: fc.array(
    fc.record({
      name: text,
      domain: text,
      overload: text,
      inputs: fc.array(text, { maxLength: 2 }),
      outputs: fc.array(text, { maxLength: 2 }),
      attributes: fc.array(text, { maxLength: 2 }),
      attributeDefaults: fc.array(attribute, { maxLength: 1 }),
      nodes: fc.constant([]),
      opsetImports: fc.array(opset, { maxLength: 1 }),
      valueInfos: fc.array(valueInfo, { maxLength: 1 }),
      docString: text,
      metadata,
    }),
    { maxLength: 1 },
  ),
  metadata,
});

/** A model of nothing but these nodes, for table tests. */
export function modelOf(parts: Partial<Graph>, rest: Partial<Model> = {}): Model {
  const opsetImports = [
    { domain: "", version: 17 },
    { domain: "ai.onnx.ml", version: 3 },
  ];
  return { ...emptyModel(), irVersion: 8, opsetImports, graph: { ...emptyGraph(), name: "g", ...parts }, ...rest };
}

export function nodeOf(opType: string, inputs: string[], outputs: string[], rest: Partial<Node> = {}): Node {
  return {
    name: "",
    opType,
    domain: "",
    overload: "",
    inputs,
    outputs,
    attributes: [],
    docString: "",
    metadata: [],
    ...rest,
  };
}

export function infoOf(
  valueName: string,
  type: DType = "float32",
  valueShape: (number | string | null)[] = ["N", 2],
): ValueInfo {
  return { name: valueName, type: { kind: "tensor", dtype: type, shape: valueShape }, docString: "" };
}
