// pt2: what torch.export.save writes: a graph in JSON, weights, constants and sample inputs. Rule: torch/_export/serde/schema.py, schema 8
// (archive of PyTorch 2.8) and the four files of PyTorch 2.1 to 2.6.
import { counted, IngotError } from "../../core/index.ts";
import type { ModelDescription } from "../format.ts";
import { at, isArray, isObject, type JsonValue, numberAt, readJson, textAt } from "../json/index.ts";
import type { Tree, TreeFormat } from "../tree.ts";

interface Exported {
  readonly graphs: readonly { readonly path: string; readonly root: JsonValue }[];
}

const largestGraph = 256 << 20;
const mostGraphs = 32;
/** `ScalarType` of the schema. */
const dtypes: Readonly<Record<number, string>> = {
  1: "uint8",
  2: "int8",
  3: "int16",
  4: "int32",
  5: "int64",
  6: "float16",
  7: "float32",
  8: "float64",
  12: "bool",
  13: "bfloat16",
};
/** Operators that PyTorch itself brings; any other name needs a library that registers it. */
const builtIn =
  /^(torch\.ops\.(aten|prims|higher_order|prim|quantized|quantized_decomposed|_c10d_functional)\.|_operator\.|math\.|torch\.sym_|torch\._|builtins\.)/;

export const pytorchExported: TreeFormat<Exported> = {
  id: "pt2",
  title: "PyTorch exported program (.pt2)",
  detect: (tree) => tree.container === "zip" && graphPaths(tree).length > 0,
  async read(tree) {
    const graphs = [];
    for (const path of graphPaths(tree).slice(0, mostGraphs)) {
      await using file = await tree.open(path);
      graphs.push({ path, root: readJson(await file.readAll(largestGraph), path).value });
    }
    return { graphs };
  },
  describe: describeExported,
  async survey(tree, survey) {
    try {
      for (const { root } of (await pytorchExported.read(tree)).graphs)
        for (const target of new Set(nodesOf(root).map((node) => textAt(node, "target") ?? "")))
          if (!builtIn.test(target))
            survey.observe({
              kind: "operator",
              domain: target.split(".").slice(0, -2).join(".") || "torch",
              name: target.slice(0, 200),
              node: "the exported graph",
              detail: "custom operator",
            });
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "anomaly", subject: "structure", detail: error.what });
    }
  },
};

function graphPaths(tree: Tree): string[] {
  const names = tree.entries.map(({ path }) => path);
  if (names.includes("serialized_exported_program.json")) return ["serialized_exported_program.json"];
  if (!names.includes("archive_format")) return [];
  return names.filter((path) => /^models\/[^/]+\.json$/.test(path));
}

function nodesOf(root: JsonValue): readonly JsonValue[] {
  const nodes = at(root, "graph_module", "graph", "nodes");
  return isArray(nodes) ? nodes : [];
}

/** Type and sizes of a value; the batch and other sizes that vary are null. */
function tensorValue(root: JsonValue, name: string) {
  const meta = at(root, "graph_module", "graph", "tensor_values", name);
  const sizes = at(meta, "sizes");
  const dtype = dtypes[numberAt(meta, "dtype") ?? 0] ?? "unknown";
  return {
    type: dtype === "bool" ? ("bool" as const) : /int/.test(dtype) ? ("int" as const) : ("float" as const),
    shape: (isArray(sizes) ? sizes.slice(1) : []).map((size) => numberAt(size, "as_int") ?? null),
    dtype,
    count: (isArray(sizes) ? sizes : []).reduce<number>(
      (product, size) => product * (numberAt(size, "as_int") ?? 1),
      1,
    ),
  };
}

function describeExported({ graphs }: Exported): ModelDescription {
  const root = graphs[0]?.root ?? null;
  const signature = at(root, "graph_module", "signature");
  const specs = (key: string) => {
    const found = at(signature, key);
    return isArray(found) ? found : [];
  };
  const named = (spec: JsonValue, kind: string) => textAt(spec, kind, "arg", "as_tensor", "name");
  const inputs = specs("input_specs").flatMap((spec) => named(spec, "user_input") ?? []);
  const outputs = specs("output_specs").flatMap((spec) => named(spec, "user_output") ?? []);
  const parameters = specs("input_specs").flatMap((spec) => textAt(spec, "parameter", "arg", "name") ?? []);
  const counts = new Map<string, number>();
  for (const node of nodesOf(root)) {
    const name = (textAt(node, "target") ?? "unknown").replace(/^torch\.ops\./, "");
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const operators = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const version = textAt(root, "torch_version");
  const schema = numberAt(root, "schema_version", "major");
  const opsets = at(root, "opset_version");
  const described = (name: string) => {
    const { type, shape } = tensorValue(root, name);
    return { name, type, shape };
  };
  return {
    format: "pt2",
    ...(schema === undefined ? {} : { formatVersion: String(schema) }),
    producer: { name: "PyTorch", ...(version === undefined ? {} : { version }) },
    task: "unknown",
    summary: `exported program of ${counted(nodesOf(root).length, "operator")}`,
    inputs: inputs.map(described),
    outputs: outputs.map(described),
    parameters: parameters.reduce((sum, name) => sum + tensorValue(root, name).count, 0),
    facts: [
      ["graphs", graphs.map(({ path }) => path).join(", ")],
      ["operators", operators.map(([name, count]) => `${name} × ${count}`).join(", ")],
      ...(isObject(opsets)
        ? [["opsets", [...opsets].map(([name, release]) => `${name} ${String(release)}`).join(", ")] as const]
        : []),
    ],
  };
}
