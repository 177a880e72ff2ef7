// pmml: models as XML. Rule: Data Mining Group, PMML 3.0 to 4.4.1.
import { type ColumnType, IngotError } from "../../core/index.ts";
import type { Format, ModelDescription } from "../format.ts";
import { readXml, type XmlElement, xmlFirstBytes, xmlSizeLimit } from "../xml/reader.ts";

interface PmmlModel {
  readonly root: XmlElement;
  readonly model: XmlElement;
}

/** Elements that are models (PMML 4.4, General Structure, MODEL-ELEMENT). */
const models = new Set([
  "AnomalyDetectionModel",
  "AssociationModel",
  "BayesianNetworkModel",
  "BaselineModel",
  "ClusteringModel",
  "GaussianProcessModel",
  "GeneralRegressionModel",
  "MiningModel",
  "NaiveBayesModel",
  "NearestNeighborModel",
  "NeuralNetwork",
  "RegressionModel",
  "RuleSetModel",
  "SequenceModel",
  "Scorecard",
  "SupportVectorMachineModel",
  "TextModel",
  "TimeSeriesModel",
  "TreeModel",
]);

export const pmml: Format<PmmlModel> = {
  id: "pmml",
  title: "PMML",
  firstBytes: xmlFirstBytes,
  detect: (head) =>
    /^\uFEFF?\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)?<PMML[\s>]/.test(
      Buffer.from(head.subarray(0, 4096)).toString("utf8"),
    ),
  async read(file) {
    const root = readXml(await file.readAll(xmlSizeLimit), file.name);
    const model = root.children.find((element) => models.has(element.name));
    if (root.name !== "PMML" || !model)
      throw new IngotError("MODEL_INVALID", {
        what: root.name === "PMML" ? "holds no model" : `the root element is <${root.name}>, <PMML> is needed`,
        where: file.name,
      });
    return { root, model };
  },
  describe: describePmml,
  async survey(file, survey) {
    try {
      const { root } = await pmml.read(file);
      for (const extension of find(root, "Extension"))
        if (/script|code/i.test(extension.attributes["name"] ?? ""))
          survey.observe({
            kind: "code",
            subject: `extension ${extension.attributes["name"]}`,
            detail: extension.attributes["value"] ?? extension.text,
          });
      survey.covered(0, file.size);
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "unread", detail: error.message });
    }
  },
};

/** Every element of a name, without recursion. */
function find(root: XmlElement, name: string): XmlElement[] {
  const found: XmlElement[] = [];
  const open = [root];
  for (let element = open.pop(); element; element = open.pop()) {
    if (element.name === name) found.push(element);
    for (const inner of element.children) open.push(inner);
  }
  return found;
}

function describePmml({ root, model }: PmmlModel): ModelDescription {
  const application = root.children
    .find((one) => one.name === "Header")
    ?.children.find((one) => one.name === "Application")?.attributes;
  const dictionary = new Map(
    (root.children.find((one) => one.name === "DataDictionary")?.children ?? [])
      .filter((one) => one.name === "DataField")
      .map((field) => [field.attributes["name"] ?? "", field]),
  );
  const mining = (model.children.find((one) => one.name === "MiningSchema")?.children ?? []).filter(
    (one) => one.name === "MiningField",
  );
  const isTarget = (field: XmlElement) => ["target", "predicted"].includes(field.attributes["usageType"] ?? "");
  const column = (name: string) => {
    const field = dictionary.get(name);
    const categories = (field?.children ?? [])
      .filter((one) => one.name === "Value")
      .map((value) => value.attributes["value"] ?? "");
    return {
      name,
      type: columnType(field?.attributes["dataType"] ?? "double"),
      shape: [],
      ...(categories.length > 0 ? { categories } : {}),
    };
  };
  const functionName = model.attributes["functionName"] ?? "";
  const outputs = (model.children.find((one) => one.name === "Output")?.children ?? []).filter(
    (one) => one.name === "OutputField",
  );
  const trees = find(model, "TreeModel").length;
  const targets = mining.filter(isTarget).map((field) => field.attributes["name"] ?? "");
  const classes = column(targets[0] ?? "").categories;
  return {
    format: "pmml",
    formatVersion: root.attributes["version"] ?? "",
    producer: {
      name: application?.["name"] ?? "unknown",
      ...(application?.["version"] ? { version: application["version"] } : {}),
    },
    task:
      functionName === "regression"
        ? "regression"
        : functionName === "classification"
          ? classes?.length === 2
            ? "binary classification"
            : "multiclass classification"
          : "unknown",
    summary: `${model.name}${model.attributes["modelName"] ? ` "${model.attributes["modelName"]}"` : ""}${trees > 0 ? `, ${trees} ${trees === 1 ? "tree" : "trees"}` : ""}`,
    inputs: mining.filter((field) => !isTarget(field)).map((field) => column(field.attributes["name"] ?? "")),
    outputs:
      outputs.length > 0
        ? outputs.map((field) => ({
            name: field.attributes["name"] ?? "",
            type: columnType(field.attributes["dataType"] ?? "double"),
            shape: [],
          }))
        : targets.map((name) => ({ name, type: column(name).type, shape: [] })),
    facts: [
      ["function", functionName || "not stated"],
      ...(targets.length > 0 ? [["target", targets.join(", ")] as const] : []),
      ["transformations", find(root, "DerivedField").length],
    ],
  };
}

function columnType(dataType: string): ColumnType {
  return dataType === "string" ? "string" : dataType === "integer" ? "int" : dataType === "boolean" ? "bool" : "float";
}
