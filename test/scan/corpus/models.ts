// Model formats that are no pickles, made to read files, run code, overflow or hide something.
import { emptyModel, type Model, type StoredTensor, writeModel } from "../../../src/onnx/index.ts";
import { callPickle } from "./pickle_writer.ts";
import { latin1, type Sample, u32, u64 } from "./sample.ts";

export function modelSamples(): Sample[] {
  return [...onnxSamples(), ...safetensorsSamples(), ...ggufSamples(), ...kerasSamples()];
}

function onnxSamples(): Sample[] {
  const external = (location: string): StoredTensor => ({
    name: "w",
    dtype: "float32",
    dims: [1],
    content: { kind: "external", location, offset: 0n, length: 4n, extra: [] },
    docString: "",
  });
  const model = (change: (model: Model) => void): Uint8Array => {
    const made = { ...emptyModel(), irVersion: 10, opsetImports: [{ domain: "", version: 21 }] };
    made.graph.outputs.push({ name: "y", type: null, docString: "" });
    made.graph.nodes.push(node("Identity", ""));
    change(made);
    return writeModel(made);
  };
  const node = (opType: string, domain: string): Model["graph"]["nodes"][number] => ({
    name: "n",
    opType,
    domain,
    overload: "",
    inputs: ["x"],
    outputs: ["y"],
    attributes: [],
    docString: "",
    metadata: [],
  });
  const outside = external("../../etc/ingot-test");
  const inAttribute = node("Constant", "");
  inAttribute.attributes.push({ name: "value", kind: "tensor", value: outside });
  const inSubgraph = node("If", "");
  inSubgraph.attributes.push({
    name: "then_branch",
    kind: "graph",
    value: { ...emptyModel().graph, initializers: [outside] },
  });
  const rows: [string, string, Uint8Array, Sample["expect"]][] = [
    [
      "initializer",
      "CVE-2022-25882: weights from outside",
      model((made) => made.graph.initializers.push(outside)),
      "critical",
    ],
    [
      "dotted",
      "CVE-2024-27318: a/../.. passes checks of the text",
      model((made) => made.graph.initializers.push(external("a/../../ingot-test"))),
      "critical",
    ],
    [
      "absolute",
      "an absolute path",
      model((made) => made.graph.initializers.push(external("/etc/ingot-test"))),
      "high",
    ],
    ["url", "an address", model((made) => made.graph.initializers.push(external("file:///etc/ingot-test"))), "high"],
    [
      "sparse",
      "the path in a sparse tensor",
      model((made) => made.graph.sparseInitializers.push({ values: outside, indices: external("ok"), dims: [1] })),
      "critical",
    ],
    ["attribute", "the path in an attribute", model((made) => made.graph.nodes.push(inAttribute)), "critical"],
    ["subgraph", "the path in a nested graph", model((made) => made.graph.nodes.push(inSubgraph)), "critical"],
    [
      "function",
      "the path in a local function",
      model((made) =>
        made.functions.push({
          name: "f",
          domain: "local",
          overload: "",
          inputs: [],
          outputs: [],
          attributes: [],
          attributeDefaults: [],
          nodes: [inAttribute],
          opsetImports: [],
          valueInfos: [],
          docString: "",
          metadata: [],
        }),
      ),
      "critical",
    ],
    [
      "training",
      "the path in training_info",
      training(model((made) => made.graph.initializers.push(outside))),
      "critical",
    ],
    [
      "custom",
      "an operator that needs a library of native code",
      model((made) => made.graph.nodes.push(node("Evil", "com.example"))),
      "medium",
    ],
    [
      "python",
      "an operator that runs Python",
      model((made) => made.graph.nodes.push(node("PyOp", "ai.onnx.contrib"))),
      "critical",
    ],
    [
      "trailing",
      "a field that ONNX does not have",
      Buffer.concat([model(() => undefined), Buffer.from([0xca, 0x3e, 4, 1, 2, 3, 4])]),
      "unknown",
    ],
  ];
  return rows.map(([name, technique, bytes, expect]) => ({ name: `onnx-${name}.onnx`, technique, bytes, expect }));
}

/** The graph of a model, moved into `training_info.initialization` of a harmless one. */
function training(model: Uint8Array): Uint8Array {
  const at = model.indexOf(0x3a);
  const length = model[at + 1]!;
  const graph = model.subarray(at + 2, at + 2 + length);
  const info = Buffer.concat([Buffer.from([0x0a, length]), graph]);
  const harmless = Buffer.from(
    [0x3a, 6, 0x12, 1, 0x67, 0x5a, 1 - 1, 0x12].slice(0, 2).concat([0x12, 4, 0x67, 0x67, 0x67, 0x67]),
  );
  return Buffer.concat([Buffer.from([0x08, 10]), harmless, Buffer.from([0xa2, 1, info.length]), info]);
}

function safetensorsSamples(): Sample[] {
  const file = (header: string, data: Uint8Array, length: number | bigint = header.length) =>
    Buffer.concat([u64(length), latin1(header), data]);
  const tensor = (start: number, end: number, shape = "[1]") =>
    `{"dtype":"F32","shape":${shape},"data_offsets":[${start},${end}]}`;
  const four = Buffer.alloc(4);
  const rows: [string, string, Uint8Array, Sample["expect"]][] = [
    [
      "duplicate",
      "one name twice, two dtypes",
      file(`{"a":${tensor(0, 4)},"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}`, four),
      "high",
    ],
    [
      "gap",
      "bytes between the tensors",
      file(`{"a":${tensor(0, 4)},"b":${tensor(8, 12)}}`, Buffer.alloc(12, 0x41)),
      "medium",
    ],
    ["overlap", "two tensors share bytes", file(`{"a":${tensor(0, 4)},"b":${tensor(0, 4)}}`, four), "high"],
    [
      "trailing",
      "a pickle behind the tensors",
      file(`{"a":${tensor(0, 4)}}`, Buffer.concat([four, callPickle("os", "system")])),
      "medium",
    ],
    [
      "overflow",
      "the product of the shape overflows",
      file(`{"a":${tensor(0, 4, "[4294967296,4294967296,4]")}}`, four),
      "high",
    ],
    ["outside", "a tensor ends behind the file", file(`{"a":${tensor(0, 400, "[100]")}}`, four), "medium"],
    ["header-length", "a header of 2^63 bytes", file("{}", four, 2n ** 63n), "unknown"],
    ["header-large", "a header larger than the file", file("{}", four, 1000), "unknown"],
    ["negative", "a negative offset", file(`{"a":${tensor(-4, 0)}}`, four), "high"],
  ];
  return rows.map(([name, technique, bytes, expect]) => ({
    name: `safetensors-${name}.safetensors`,
    technique,
    bytes,
    expect,
    needs: "safetensors",
  }));
}

function ggufSamples(): Sample[] {
  const text = (value: string) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
  const pair = (key: string, value: string) => Buffer.concat([text(key), u32(8), text(value)]);
  const file = (tensors: number | bigint, pairs: number | bigint, ...parts: Uint8Array[]) => {
    const made = Buffer.concat([latin1("GGUF"), u32(3), u64(tensors), u64(pairs), ...parts]);
    return Buffer.concat([made, Buffer.alloc((32 - (made.length % 32)) % 32)]);
  };
  const template = (value: string) =>
    file(0, 2, pair("general.architecture", "llama"), pair("tokenizer.chat_template", value));
  const rows: [string, string, Uint8Array, Sample["expect"]][] = [
    ["pairs", "2^60 pairs", file(0, 2n ** 60n, pair("general.architecture", "llama")), "medium"],
    ["tensors", "2^60 tensors", file(2n ** 60n, 1, pair("general.architecture", "llama")), "medium"],
    ["string", "a text of 2^63 bytes", file(0, 1, u64(2n ** 63n)), "medium"],
    [
      "duplicate",
      "one key twice",
      file(0, 2, pair("general.architecture", "a"), pair("general.architecture", "b")),
      "high",
    ],
    ["array", "an array of 2^61 elements", file(0, 1, text("a"), u32(9), u32(4), u64(2n ** 61n)), "medium"],
    [
      "nested-arrays",
      "arrays in arrays without end",
      file(0, 1, text("a"), ...Array.from({ length: 300 }, () => Buffer.concat([u32(9), u64(1)]))),
      "medium",
    ],
    [
      "alignment",
      "an alignment that is no power of two",
      file(0, 1, text("general.alignment"), u32(4), u32(7)),
      "high",
    ],
    [
      "overflow",
      "dimensions whose product overflows",
      file(1, 0, text("t"), u32(2), u64(2n ** 40n), u64(2n ** 40n), u32(0), u64(0)),
      "medium",
    ],
    [
      "template",
      "CVE-2024-34359: a template that leaves its sandbox",
      template("{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}"),
      "critical",
    ],
    ["template-attr", "the same by the filter attr", template("{{ ''|attr('_'*2 ~ 'class' ~ '_'*2) }}"), "critical"],
    ["template-outside", "the same with outsides", template('{{ x["\\x5f\\x5fclass\\x5f\\x5f"] }}'), "critical"],
    [
      "template-globals",
      "functions of Jinja lead to os",
      template("{{ cycler.__init__.__globals__.os.popen('echo').read() }}"),
      "critical",
    ],
    ["template-import", "the template loads another", template("{% include '/etc/hostname' %}"), "critical"],
  ];
  return rows.map(([name, technique, bytes, expect]) => ({
    name: `gguf-${name}.gguf`,
    technique,
    bytes,
    expect,
    needs: "gguf",
  }));
}

function kerasSamples(): Sample[] {
  const config = (inner: unknown) =>
    Buffer.from(
      JSON.stringify({
        module: "keras",
        class_name: "Sequential",
        config: { name: "s", layers: [inner] },
        registered_name: null,
      }),
    );
  const object = (module: string | null, name: string, inner: unknown = {}) => ({
    module,
    class_name: name,
    config: inner,
    registered_name: null,
  });
  const rows: [string, string, unknown][] = [
    [
      "lambda",
      "Lambda layer",
      object("keras.layers", "Lambda", { function: { class_name: "__lambda__", config: { code: "4wAAAA==" } } }),
    ],
    [
      "nested-lambda",
      "Lambda in a nested model",
      object("keras", "Functional", {
        layers: [object("keras.layers", "TimeDistributed", { layer: object("keras.layers", "Lambda") })],
      }),
    ],
    ["os-system", "CVE-2025-1550: any module and function", object("os", "system", "echo")],
    [
      "get-file",
      "CVE-2025-8747: a gadget inside Keras",
      object("keras.utils", "get_file", { origin: "http://localhost/" }),
    ],
    ["unsafe", "CVE-2025-9906: switches off safe mode", object("keras.config", "enable_unsafe_deserialization")],
    ["torch", "CVE-2025-49655: unpickles", object("keras.layers", "TorchModuleWrapper", { module: "gASVAA==" })],
    [
      "builtins",
      "a function of builtins as activation",
      object("keras.layers", "Dense", { activation: object("builtins", "exec", "pass") }),
    ],
    ["custom", "a module that is not Keras", object("evil_package.layers", "Dense")],
  ];
  return rows.map(([name, technique, inner]) => ({
    name: `keras-${name}.json`,
    technique,
    bytes: config(inner),
    expect: "high" as const,
  }));
}
