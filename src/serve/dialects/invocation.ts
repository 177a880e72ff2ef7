// What `/invocations` of MLflow and of SageMaker have in common: a table or tensors in, `{"predictions": …}` out.
// Rule: mlflow/mlflow, mlflow/pyfunc/scoring_server/__init__.py: exactly one of dataframe_split, dataframe_records, instances, inputs.
import { IngotError, type OutputSpec, quoted } from "../../core/index.ts";
import type { InputRecord, OutputRecord } from "../../runtime/index.ts";
import { readBody, textOf } from "../body.ts";
import type { Exchange } from "../exchange.ts";
import type { ServedModel } from "../served_model.ts";
import type { Serving } from "../serving.ts";
import { csvRecords } from "./csv_body.ts";
import { unknownName } from "./oip_inference.ts";
import { readPythonJson, writePythonJson } from "./python_json.ts";
import { columnsOfInputs, isObject, recordsFromColumns, recordsFromRows } from "./record_forms.ts";

interface Invocation {
  readonly records: readonly InputRecord[];
  /** Which outputs are wanted; null: what the library's own `predict` gives. */
  readonly outputs: string | readonly string[] | null;
}

/**
 * Reads, predicts, answers.
 * @param headers asked for once it is known who answered
 * @throws IngotError INPUT_INVALID naming the field, JSON_MALFORMED, BODY_ENCODING_UNSUPPORTED for other content types
 */
export async function answerInvocation(
  serving: Serving,
  exchange: Exchange,
  model: ServedModel,
  headers: () => Readonly<Record<string, string>> = () => ({}),
): Promise<void> {
  const { call } = exchange;
  const isCsv = bodyKind(exchange.header("content-type")) === "csv";
  const body = await readBody(exchange.request, serving.options.bodyLimit, exchange.memory);
  const received = performance.now();
  const { records, outputs } = isCsv
    ? { records: await csvRecords(body, model.schema), outputs: null }
    : readInvocation(readPythonJson(textOf(body), "request body"), model);
  const wanted = wantedOutputs(outputs, model);
  call.phases.parse = performance.now() - received;
  const results = await model.predict(records, call);
  const computed = performance.now();
  const text = writePythonJson({ predictions: results.map((result) => prediction(result, wanted)) });
  call.phases.encode = performance.now() - computed;
  exchange.json(200, text, headers());
}

/** @throws IngotError BODY_ENCODING_UNSUPPORTED */
function bodyKind(header: string | undefined): "json" | "csv" {
  const type = (header ?? "").split(";", 1)[0]!.trim().toLowerCase();
  if (type === "text/csv") return "csv";
  // What names no type in earnest (curl's default, a stream of bytes, plain text) is JSON, as for every other dialect.
  const isJson = [
    "",
    "application/json",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "text/plain",
  ];
  if (isJson.includes(type) || type.endsWith("+json")) return "json";
  throw new IngotError("BODY_ENCODING_UNSUPPORTED", {
    what: `bodies of ${quoted(type)} are not read here`,
    where: "header Content-Type",
    fix: "send application/json or text/csv",
  });
}

const forms = ["dataframe_split", "dataframe_records", "instances", "inputs"] as const;

function readInvocation(given: unknown, model: ServedModel): Invocation {
  if (!isObject(given))
    throw new IngotError("INPUT_INVALID", {
      what: `expected an object with one of ${forms.join(", ")}, got ${Array.isArray(given) ? "a list" : quoted(given)}`,
      where: "request body",
      fix: '{"dataframe_records": [{…}]} holds the inputs of each record by name',
    });
  const present = forms.filter((form) => Object.hasOwn(given, form));
  const stranger = Object.keys(given).find((key) => key !== "params" && !(forms as readonly string[]).includes(key));
  if (present.length !== 1 || stranger !== undefined)
    throw new IngotError("INPUT_INVALID", {
      what:
        present.length > 1
          ? `${present.join(" and ")} exclude each other`
          : stranger === undefined
            ? "holds no data"
            : `there is no member ${quoted(stranger)}`,
      where: "request body",
      fix: `send exactly one of ${forms.join(", ")}, and params if you like`,
    });
  const [form] = present;
  return { records: readers[form!](given[form!], model), outputs: readParams(given["params"]) };
}

const readers: Readonly<
  Record<(typeof forms)[number], (value: unknown, model: ServedModel) => readonly InputRecord[]>
> = {
  dataframe_split: (value, { schema }) => {
    const where = "dataframe_split";
    if (!isObject(value)) throw wrong(where, "an object with columns and data", value);
    const stranger = Object.keys(value).find((key) => !["columns", "data", "index"].includes(key));
    if (stranger !== undefined) throw wrong(`${where}.${stranger}`, "columns, data and index only", stranger);
    const data = list(value["data"], `${where}.data`);
    if (value["columns"] === undefined) return recordsFromRows(schema, data, `${where}.data`);
    const columns = list(value["columns"], `${where}.columns`).map(String);
    const doubled = columns.find((column, index) => columns.indexOf(column) !== index);
    if (doubled !== undefined)
      throw new IngotError("INPUT_INVALID", { what: `${quoted(doubled)} appears twice`, where: `${where}.columns` });
    const known = columnsOfInputs(columns, schema, `${where}.columns`);
    const rows = data.map((given, row) => {
      const cells = list(given, `${where}.data[${row}]`);
      if (cells.length === columns.length)
        return Object.fromEntries(columns.flatMap((name, i) => (known.has(name) ? [[name, cells[i]]] : [])));
      throw new IngotError("INPUT_INVALID", {
        what: `has ${cells.length} values for ${columns.length} columns`,
        where: `${where}.data[${row}]`,
      });
    });
    return recordsFromRows(schema, rows, `${where}.data`);
  },
  dataframe_records: (value, { schema }) => {
    const where = "dataframe_records";
    const rows = list(value, where).map((row, index) => {
      if (!isObject(row)) throw wrong(`${where}[${index}]`, "an object with the inputs by name", row);
      const known = columnsOfInputs(Object.keys(row), schema, `${where}[${index}]`);
      return Object.fromEntries(Object.entries(row).filter(([name]) => known.has(name)));
    });
    return recordsFromRows(schema, rows, where);
  },
  instances: (value, { schema }) => recordsFromRows(schema, list(value, "instances"), "instances"),
  inputs: (value, { schema }) => {
    // A list of records is MLflow's own addition to TensorFlow Serving's columns.
    if (Array.isArray(value)) return recordsFromRows(schema, value, "inputs");
    return recordsFromColumns(schema, value, "inputs");
  },
};

/** `params` of a request: `{"outputs": "label"}` or `{"outputs": ["label", "probabilities"]}`. */
function readParams(params: unknown): Invocation["outputs"] {
  if (params === undefined || params === null) return null;
  if (!isObject(params)) throw wrong("params", "an object", params);
  const stranger = Object.keys(params).find((key) => key !== "outputs");
  if (stranger !== undefined)
    throw new IngotError("INPUT_INVALID", {
      what: "there is no such parameter",
      where: `params.${stranger}`,
      fix: "`outputs` names the outputs that you want",
    });
  const { outputs } = params;
  if (outputs === undefined || typeof outputs === "string") return outputs ?? null;
  return list(outputs, "params.outputs").map((name) => {
    if (typeof name !== "string") throw wrong("params.outputs", "names of outputs", name);
    return name;
  });
}

/** One name: its bare values. Several: an object for each record. */
function wantedOutputs(asked: Invocation["outputs"], { schema }: ServedModel): string | readonly string[] {
  const { outputs } = schema;
  for (const name of asked === null ? [] : [asked].flat())
    if (!outputs.some((output) => output.name === name)) throw unknownName("output", name, outputs);
  if (asked !== null) return asked;
  return predicted(outputs)?.name ?? outputs.map((output) => output.name);
}

/** What `predict` of the source library returns, which is all that MLflow's clients know: the label, else the value, else the only output. */
function predicted(outputs: readonly OutputSpec[]): OutputSpec | undefined {
  const only = (found: readonly OutputSpec[]) => (found.length === 1 ? found[0] : undefined);
  return (
    only(outputs) ??
    only(outputs.filter((output) => output.role === "label")) ??
    only(outputs.filter((output) => output.role === "value"))
  );
}

function prediction(result: OutputRecord, wanted: string | readonly string[]): unknown {
  if (typeof wanted === "string") return result[wanted];
  return Object.fromEntries(wanted.map((name) => [name, result[name]]));
}

function list(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrong(where, "a list", value);
}

function wrong(where: string, expected: string, value: unknown): IngotError {
  const what = value === undefined ? "is missing" : `expected ${expected}, got ${quoted(value)}`;
  return new IngotError("INPUT_INVALID", { what, where });
}
