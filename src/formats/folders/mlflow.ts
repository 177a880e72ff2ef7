// mlflow: a folder with an `MLmodel` that says what is in it, in which flavors it loads, and what it takes. Rule: mlflow/models/model.py,
// mlflow/types/schema.py, mlflow/pyfunc/__init__.py.
import type { ColumnType, Dim } from "../../core/index.ts";
import { IngotError } from "../../core/index.ts";
import type { ModelDescription } from "../format.ts";
import { at, isArray, isObject, type JsonValue, readJsonText, textAt } from "../json/index.ts";
import type { Survey } from "../survey.ts";
import type { Tree, TreeFormat } from "../tree.ts";
import { readYaml } from "../yaml/read.ts";

interface MlflowModel {
  readonly root: JsonValue;
  readonly files: readonly string[];
}

const description = "MLmodel";
/** Keys of a flavor that name a file or folder of the model. */
const pathKeys = ["model_path", "pickled_model", "data", "model_data", "saved_model_dir", "path", "code", "env"];

export const mlflow: TreeFormat<MlflowModel> = {
  id: "mlflow",
  title: "MLflow model folder",
  async detect(tree) {
    if (!tree.entries.some(({ path, kind }) => path === description && kind === "file")) return false;
    return isObject(at((await readModel(tree)).root, "flavors"));
  },
  read: readModel,
  describe: describeMlflow,
  async survey(tree, survey) {
    try {
      surveyModel((await readModel(tree)).root, survey);
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "anomaly", subject: "structure", detail: error.what });
    }
  },
};

async function readModel(tree: Tree): Promise<MlflowModel> {
  await using file = await tree.open(description);
  return { root: await readYaml(file), files: tree.entries.map(({ path }) => path) };
}

/** Everything in the description that makes MLflow run code or trust types because the model itself says so. */
function surveyModel(root: JsonValue, survey: Survey): void {
  const flavors = at(root, "flavors");
  for (const [flavor, settings] of isObject(flavors) ? flavors : []) {
    const key = (name: string) => `flavors.${flavor}.${name}`;
    const loader = textAt(settings, "loader_module");
    if (loader !== undefined && !/^mlflow(\.|$)/.test(loader))
      survey.observe({ kind: "remote-code", key: key("loader_module"), value: loader });
    for (const name of ["code", "model_code_path"]) {
      const value = textAt(settings, name);
      if (value !== undefined) survey.observe({ kind: "remote-code", key: key(name), value });
    }
    for (const [name, value] of isObject(settings) ? settings : []) {
      if (/trusted/.test(name) && value !== null)
        survey.observe({ kind: "remote-code", key: key(name), value: shown(value) });
      if (pathKeys.includes(name) && typeof value === "string")
        survey.observe({ kind: "path", path: value, purpose: `${key(name)}: loading reads` });
    }
  }
}

function shown(value: JsonValue): string {
  return isArray(value) ? value.map(String).join(", ") : String(value);
}

const types: Readonly<Record<string, ColumnType>> = {
  boolean: "bool",
  bool: "bool",
  integer: "int",
  long: "int",
  int32: "int",
  int64: "int",
  string: "string",
  object: "string",
  binary: "string",
  datetime: "string",
};

/** Columns or tensors of a schema, which is JSON inside of the YAML. */
function schemaOf(root: JsonValue, side: "inputs" | "outputs") {
  const text = textAt(root, "signature", side);
  if (text === undefined) return [];
  let value: JsonValue;
  try {
    value = readJsonText(text, `signature.${side}`).value;
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    return [];
  }
  return (isArray(value) ? value : []).map((column, i) => {
    const shape = at(column, "tensor-spec", "shape");
    const type = textAt(column, "tensor-spec", "dtype") ?? textAt(column, "type") ?? "";
    return {
      name: textAt(column, "name") ?? `${side === "inputs" ? "input" : "output"} ${i}`,
      type: types[type] ?? "float",
      shape: (isArray(shape) ? shape.slice(1) : []).map(
        (size): Dim => (typeof size === "number" && size >= 0 ? size : null),
      ),
    };
  });
}

function describeMlflow({ root, files }: MlflowModel): ModelDescription {
  const flavors = at(root, "flavors");
  const names = isObject(flavors) ? [...flavors.keys()] : [];
  const own = names.find((name) => name !== "python_function");
  const ownVersion = own === undefined ? undefined : textAt(flavors, own, `${own}_version`);
  const version = textAt(root, "mlflow_version");
  const python = at(flavors, "python_function");
  const facts: [string, string][] = [];
  const fact = (label: string, value: string | undefined) => {
    if (value !== undefined && value !== "") facts.push([label, value]);
  };
  fact("flavors", names.join(", "));
  fact("loaded by", textAt(python, "loader_module"));
  fact(
    "model file",
    textAt(python, "model_path") ?? textAt(flavors, own ?? "", "pickled_model") ?? textAt(python, "data"),
  );
  fact("serialization", textAt(flavors, own ?? "", "serialization_format"));
  fact("Python", textAt(python, "python_version"));
  fact("own code", textAt(python, "code") ?? textAt(python, "model_code_path"));
  fact("files", files.join(", ").slice(0, 400));
  return {
    format: "mlflow",
    producer: { name: "MLflow", ...(version === undefined ? {} : { version }) },
    task: "unknown",
    summary: own === undefined ? "a Python function" : `${own}${ownVersion ? ` ${ownVersion}` : ""} model`,
    inputs: schemaOf(root, "inputs"),
    outputs: schemaOf(root, "outputs"),
    facts,
  };
}
