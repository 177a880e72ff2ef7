// TensorFlow Serving's REST API, which is KServe's protocol v1: :predict by rows or by columns, status, metadata.
// Rule: tensorflow/serving, tensorflow_serving/g3doc/api_rest.md; kserve/kserve, python/kserve/kserve/protocol/rest/v1_endpoints.py.
import { IngotError, type InputSpec, type OutputSpec, quoted } from "../../core/index.ts";
import type { InputRecord, OutputRecord, OutputValue } from "../../runtime/index.ts";
import { readBody, textOf } from "../body.ts";
import type { Exchange } from "../exchange.ts";
import type { Route } from "../router.ts";
import type { ServedModel } from "../served_model.ts";
import type { Serving } from "../serving.ts";
import { type Dialect, messageOf } from "./dialect.ts";
import { tensorShape } from "./oip_tensors.ts";
import { readPythonJson, writePythonJson } from "./python_json.ts";
import { isObject, recordsFromColumns, recordsFromRows } from "./record_forms.ts";
import { describeTensorflowServing } from "./records_openapi.ts";

/** The signature that answers with every output; one more per output answers with that one only. */
const everything = "serving_default";

export const tensorflowServing: Dialect = {
  name: "TensorFlow Serving",
  prefix: "/v1",
  errorBody: (error, requestId) => ({ error: messageOf(error, requestId) }),
  describe: describeTensorflowServing,
  routes: (serving) => [
    {
      method: "GET",
      path: "/v1/models",
      about: "Names of the models",
      handle: (exchange) =>
        exchange.json(200, JSON.stringify({ models: [...new Set(exchange.shown.models.map(({ name }) => name))] })),
    },
    ...["/v1/models/{model}", "/v1/models/{model}/versions/{version}"].flatMap((path) => [
      predictRoute(serving, `${path}:predict`, (exchange, [name, version]) => exchange.choose(name, version)),
      statusRoute(serving, path),
      metadataRoute(path),
    ]),
    predictRoute(serving, "/v1/models/{model}/labels/{label}:predict", (exchange, [name, label]) =>
      // A label names a variant; `stable` is what answers when nobody names one.
      label === "stable" ? exchange.choose(name) : exchange.chooseVariant(name!, label!),
    ),
  ],
};

type Choose = (exchange: Exchange, parameters: readonly string[]) => ServedModel;

function predictRoute(serving: Serving, path: string, choose: Choose): Route {
  return {
    method: "POST",
    path,
    about: "Predict rows or columns, as TensorFlow Serving and KServe v1 do",
    handle: async (exchange, parameters) => {
      const model = choose(exchange, parameters);
      const { call } = exchange;
      const body = await readBody(exchange.request, serving.options.bodyLimit, exchange.memory);
      const received = performance.now();
      const { records, outputs, isColumns } = readPredict(readPythonJson(textOf(body), "request body"), model);
      call.phases.parse = performance.now() - received;
      const results = await model.predict(records, call);
      const computed = performance.now();
      const answer = isColumns ? { outputs: columns(results, outputs) } : { predictions: rows(results, outputs) };
      const text = writePythonJson(answer);
      call.phases.encode = performance.now() - computed;
      exchange.json(200, text);
    },
  };
}

interface PredictRequest {
  readonly records: readonly InputRecord[];
  readonly outputs: readonly OutputSpec[];
  readonly isColumns: boolean;
}

function readPredict(given: unknown, model: ServedModel): PredictRequest {
  const refusal = (what: string, where: string) =>
    new IngotError("INPUT_INVALID", {
      what,
      where,
      fix: 'send {"instances": [row, …]} or {"inputs": {column: [value, …]}}',
    });
  if (!isObject(given)) throw refusal(`expected an object, got ${quoted(given)}`, "request body");
  const isRows = Object.hasOwn(given, "instances");
  const isColumns = Object.hasOwn(given, "inputs");
  if (isRows === isColumns)
    throw refusal(
      isRows ? "instances and inputs exclude each other" : "holds neither instances nor inputs",
      "request body",
    );
  const outputs = outputsOf(given["signature_name"], model);
  const { schema } = model;
  if (isColumns) return { records: recordsFromColumns(schema, given["inputs"], "inputs"), outputs, isColumns };
  const instances = given["instances"];
  return {
    records: recordsFromRows(schema, Array.isArray(instances) ? instances : [instances], "instances"),
    outputs,
    isColumns,
  };
}

function outputsOf(signature: unknown, { schema: { outputs } }: ServedModel): readonly OutputSpec[] {
  if (signature === undefined || signature === "" || signature === everything) return outputs;
  const output = outputs.find(({ name }) => name === signature);
  if (output) return [output];
  throw new IngotError("INPUT_INVALID", {
    what: `there is no signature ${quoted(signature)}`,
    where: "signature_name",
    fix: `there are ${[everything, ...outputs.map(({ name }) => name)].join(", ")}`,
  });
}

/** A row is a value where there is one output, else an object by output. */
function rows(results: readonly OutputRecord[], outputs: readonly OutputSpec[]): unknown[] {
  const [first, another] = outputs;
  if (!another) return results.map((result) => plain(result[first!.name]!, first!));
  return results.map((result) =>
    Object.fromEntries(outputs.map((output) => [output.name, plain(result[output.name]!, output)])),
  );
}

function columns(results: readonly OutputRecord[], outputs: readonly OutputSpec[]): unknown {
  const column = (output: OutputSpec) => results.map((result) => plain(result[output.name]!, output));
  const [first, another] = outputs;
  return another ? Object.fromEntries(outputs.map((output) => [output.name, column(output)])) : column(first!);
}

/** Tensors have no names of classes: their values in the classes' order. Texts of outputs called `…_bytes` travel in base64. */
function plain(value: OutputValue, { name, classes }: OutputSpec): unknown {
  if (Array.isArray(value)) return value.map((element: OutputValue) => plain(element, { name, classes } as OutputSpec));
  if (typeof value === "object" && classes)
    return classes.map((className) => (value as Readonly<Record<string, OutputValue>>)[className]);
  if (typeof value === "string" && name.endsWith("_bytes")) return { b64: Buffer.from(value).toString("base64") };
  return value;
}

function statusRoute(serving: Serving, path: string): Route {
  return {
    method: "GET",
    path,
    about: "Whether a model answers, by version",
    handle: (exchange, [name, version]) => {
      exchange.find(name!, version);
      const models = serving.models.filter(
        (model) => model.name === name && (version === undefined || model.version === version),
      );
      const state = serving.draining ? "UNLOADING" : "AVAILABLE";
      const status = { error_code: "OK", error_message: "" };
      const versions = [...new Set(models.map((model) => model.version))];
      const body = {
        name,
        ready: serving.isReady,
        model_version_status: versions.map((served) => ({ version: served, state, status })),
      };
      exchange.json(serving.isReady ? 200 : 503, JSON.stringify(body));
    },
  };
}

const dataTypes: Readonly<Record<string, string>> = {
  float32: "DT_FLOAT",
  float64: "DT_DOUBLE",
  float16: "DT_HALF",
  bfloat16: "DT_BFLOAT16",
  string: "DT_STRING",
};

function metadataRoute(path: string): Route {
  const tensor = (spec: InputSpec | OutputSpec) => ({
    name: spec.name,
    dtype: dataTypes[spec.dtype] ?? `DT_${spec.dtype.toUpperCase()}`,
    tensor_shape: {
      dim: tensorShape(spec).map((size) => ({ size: String(size), name: "" })),
      unknown_rank: false,
    },
  });
  const tensors = (specs: readonly (InputSpec | OutputSpec)[]) =>
    Object.fromEntries(specs.map((spec) => [spec.name, tensor(spec)]));
  return {
    method: "GET",
    path: `${path}/metadata`,
    about: "Inputs and outputs of a model, as TensorFlow Serving describes them",
    handle: (exchange, [name, version]) => {
      const model = exchange.find(name!, version);
      const { inputs, outputs } = model.schema;
      const signature = (specs: readonly OutputSpec[]) => ({
        inputs: tensors(inputs),
        outputs: tensors(specs),
        method_name: "tensorflow/serving/predict",
      });
      const signatures = {
        [everything]: signature(outputs),
        ...Object.fromEntries(outputs.map((output) => [output.name, signature([output])])),
      };
      const body = {
        model_spec: { name, signature_name: "", version: model.version },
        metadata: { signature_def: { signature_def: signatures } },
      };
      exchange.json(200, JSON.stringify(body));
    },
  };
}
