// openvino: the intermediate representation, an XML graph beside a file of weights. Rule: OpenVINO documentation, "IR format" (version 10, 11).
import path from "node:path";
import { type ColumnType, counted, type Dim, IngotError } from "../../core/index.ts";
import type { Format, ModelDescription } from "../format.ts";
import { readXml, type XmlElement, xmlFirstBytes, xmlSizeLimit } from "../xml/reader.ts";

interface OpenvinoModel {
  readonly name: string;
  readonly version: string;
  readonly layers: readonly Layer[];
  /** What the graph reads of the file of weights, bodies of loops included: `[start, end)`. */
  readonly weights: readonly (readonly [start: number, end: number])[];
}

interface Layer {
  readonly name: string;
  readonly type: string;
  /** `opset1` …; anything else comes from an extension library. */
  readonly opset: string;
  readonly data: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly names: string; readonly precision: string; readonly dims: readonly Dim[] }[];
  readonly inputs: number;
}

export const openvino: Format<OpenvinoModel> = {
  id: "openvino",
  title: "OpenVINO IR",
  firstBytes: xmlFirstBytes,
  detect: (head) =>
    /^\uFEFF?\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)?<net\s[^>]*\bversion=/.test(
      Buffer.from(head.subarray(0, 4096)).toString("utf8"),
    ),
  async read(file) {
    const root = readXml(await file.readAll(xmlSizeLimit), file.name);
    if (root.name !== "net")
      throw new IngotError("MODEL_INVALID", {
        what: `the root element is <${root.name}>, <net> is needed`,
        where: file.name,
      });
    return {
      name: root.attributes["name"] ?? "",
      version: root.attributes["version"] ?? "",
      layers: child(root, "layers").map(readLayer),
      weights: weightsOf(root),
    };
  },
  describe: describeOpenvino,
  async survey(file, survey) {
    try {
      const model = await openvino.read(file);
      for (const layer of model.layers)
        if (!/^opset\d+$/.test(layer.opset) && layer.opset !== "experimental")
          survey.observe({
            kind: "operator",
            domain: layer.opset || "openvino",
            name: layer.type,
            node: layer.name,
            detail: "needs an extension library",
          });
      survey.covered(0, file.size);
      survey.coveredBeside?.(weightsFile(file.name), model.weights);
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "unread", detail: error.message });
    }
  },
};

/** The weights of `model.xml` lie in `model.bin`. */
function weightsFile(name: string): string {
  return `${path.posix.basename(name).replace(/\.xml$/i, "")}.bin`;
}

function weightsOf(root: XmlElement): [start: number, end: number][] {
  const found: [number, number][] = [];
  const open = [root];
  for (let element = open.pop(); element; element = open.pop()) {
    open.push(...element.children);
    if (element.name !== "layer" || element.attributes["type"] !== "Const") continue;
    const { offset = "", size = "" } = element.children.find((one) => one.name === "data")?.attributes ?? {};
    if (/^\d{1,15}$/.test(offset) && /^\d{1,15}$/.test(size))
      found.push([Number(offset), Number(offset) + Number(size)]);
  }
  return found;
}

function child(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.find((one) => one.name === name)?.children ?? [];
}

function readLayer(element: XmlElement): Layer {
  const { name = "", type = "", version = "" } = element.attributes;
  const ports = child(element, "output").map((port) => ({
    names: port.attributes["names"] ?? "",
    precision: port.attributes["precision"] ?? "",
    dims: port.children
      .filter((dim) => dim.name === "dim")
      .map((dim) => (Number(dim.text) < 0 || !Number.isInteger(Number(dim.text)) ? null : Number(dim.text))),
  }));
  return {
    name,
    type,
    opset: version,
    data: element.children.find((one) => one.name === "data")?.attributes ?? {},
    ports,
    inputs: child(element, "input").length,
  };
}

function describeOpenvino(model: OpenvinoModel): ModelDescription {
  const counts = new Map<string, number>();
  const bytes = new Map<string, number>();
  for (const { type, data } of model.layers) {
    counts.set(type, (counts.get(type) ?? 0) + 1);
    if (type === "Const")
      bytes.set(
        data["element_type"] ?? "?",
        (bytes.get(data["element_type"] ?? "?") ?? 0) + (Number(data["size"]) || 0),
      );
  }
  const inputs = model.layers.filter((layer) => layer.type === "Parameter");
  const results = model.layers.filter((layer) => layer.type === "Result");
  return {
    format: "openvino",
    formatVersion: model.version,
    producer: { name: "OpenVINO" },
    task: "unknown",
    summary: `graph ${model.name ? `"${model.name}" ` : ""}of ${counted(model.layers.length, "layer")}`,
    inputs: inputs.map((layer) => {
      const port = layer.ports[0];
      return {
        name: port?.names.split(",")[0] || layer.name,
        type: columnType(port?.precision ?? ""),
        shape: (port?.dims ?? []).slice(1),
      };
    }),
    outputs: results.map((layer) => ({ name: layer.data["output_names"] || layer.name, type: "float", shape: [] })),
    facts: [
      ["constants", [...bytes].map(([type, size]) => `${type} ${counted(size, "byte")}`).join(", ") || "none"],
      [
        "operators",
        [...counts]
          .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
          .map(([type, count]) => `${type} × ${count}`)
          .join(", "),
      ],
    ],
  };
}

function columnType(precision: string): ColumnType {
  return precision === "BOOL" || precision === "BOOLEAN"
    ? "bool"
    : /^[IU]\d/.test(precision)
      ? "int"
      : precision === "STRING"
        ? "string"
        : "float";
}
