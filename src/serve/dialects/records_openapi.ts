// The dialects of records in the OpenAPI document: /predict, MLflow, SageMaker, TensorFlow Serving.
import {
  arrayOf,
  type Described,
  type DescribedModel,
  examplesOf,
  type Json,
  jsonContent,
  oneOf,
  operation,
  ref,
} from "../openapi_parts.ts";

export function describePredict(models: readonly DescribedModel[]): Described {
  const post = ({ input, output, example }: DescribedModel, id: string, which: string) => ({
    post: operation({
      id,
      tag: "predict",
      summary: `Predict one record or an array of records${which}`,
      description: "The answer has the shape of the question: a record for a record, an array for an array, in order.",
      body: jsonContent(
        { oneOf: [input, arrayOf(input)] },
        {
          examples: {
            record: { summary: "One record", value: example },
            array: { summary: "Several", value: [example] },
          },
        },
      ),
      // A record of an array that is refused has its error in its place.
      answer: jsonContent({ oneOf: [output, arrayOf({ anyOf: [output, ref("Error")] })] }),
      error: "Error",
      isPrediction: true,
    }),
  });
  return {
    tag: { name: "predict", description: "Records by name" },
    paths: {
      "/predict": post(models[0]!, "predict", ""),
      ...Object.fromEntries(
        models.map((described) => [
          `/predict/${described.encoded}`,
          post(described, `predictModel${described.suffix}`, ` with ${described.model.name}`),
        ]),
      ),
    },
  };
}

/** A request of `/invocations` in every form, and what it is answered with. */
function invocation({ model, input, example }: DescribedModel): { body: Json; answer: Json } {
  const names = model.schema.inputs.map(({ name }) => name);
  const row = names.map((name) => example[name] ?? null);
  const isPlain = model.schema.inputs.every(({ shape }) => shape.length === 0);
  const only = (form: string) => ({ required: [form] });
  const schema = {
    type: "object",
    properties: {
      dataframe_split: {
        type: "object",
        required: ["data"],
        properties: {
          columns: arrayOf({ type: "string" }),
          data: arrayOf({ type: "array" }),
          index: { type: "array" },
        },
        additionalProperties: false,
      },
      dataframe_records: arrayOf(input),
      instances: { type: "array" },
      inputs: { type: ["object", "array"] },
      params: {
        type: "object",
        properties: { outputs: { anyOf: [{ type: "string" }, arrayOf({ type: "string" })] } },
        additionalProperties: false,
      },
    },
    oneOf: [only("dataframe_split"), only("dataframe_records"), only("instances"), only("inputs")],
    additionalProperties: false,
  };
  const csv = `${names.map(cell).join(",")}\n${row.map(cell).join(",")}\n`;
  return {
    body: {
      ...jsonContent(schema, {
        examples: examplesOf({
          dataframe_records: { dataframe_records: [example] },
          dataframe_split: { dataframe_split: { columns: names, data: [row] } },
          instances: { instances: [example] },
          inputs: { inputs: Object.fromEntries(names.map((name, i) => [name, [row[i]]])) },
          "other outputs": {
            dataframe_records: [example],
            params: { outputs: model.schema.outputs.map(({ name }) => name) },
          },
        }),
      }),
      ...(isPlain ? { "text/csv": { schema: { type: "string" }, examples: examplesOf({ csv }) } } : {}),
    },
    answer: jsonContent({ type: "object", required: ["predictions"], properties: { predictions: { type: "array" } } }),
  };
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function describeMlflow([first]: readonly DescribedModel[]): Described {
  const tag = "mlflow";
  const get = (id: string, summary: string, answer: Json) => ({
    get: operation({ id, tag, summary, answer, error: "MlflowError" }),
  });
  const blank = { "application/json": {} };
  return {
    tag: { name: tag, description: "MLflow's scoring server, SageMaker's container" },
    paths: {
      "/invocations": {
        post: operation({
          id: "invocations",
          tag,
          summary: "Predict, as MLflow's scoring server and SageMaker's containers do",
          description:
            "Exactly one of dataframe_split, dataframe_records, instances, inputs; or CSV. Predictions are what `predict` of the source library gives, unless params.outputs names others.",
          ...invocation(first!),
          error: "MlflowError",
          isPrediction: true,
        }),
      },
      "/ping": get("ping", "Whether the server takes requests", blank),
      "/health": get("health", "Whether the server takes requests", blank),
      "/version": get("version", "Version of MLflow whose protocol this is", blank),
    },
    schemas: {
      MlflowError: {
        type: "object",
        required: ["error_code", "message"],
        properties: { error_code: { type: "string" }, message: { type: "string" } },
      },
    },
  };
}

export function describeSageMaker(models: readonly DescribedModel[]): Described {
  const tag = "sagemaker";
  const header = (name: string, description: string) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  });
  return {
    tag: { name: tag, description: "SageMaker's InvokeEndpoint" },
    paths: Object.fromEntries(
      models.map((described) => [
        `/endpoints/${described.encoded}/invocations`,
        {
          post: operation({
            id: `invokeEndpoint${described.suffix}`,
            tag,
            summary: `Predict with ${described.model.name}, as SageMaker's InvokeEndpoint does`,
            parameters: [
              header("X-Amzn-SageMaker-Target-Variant", "The variant that is to answer"),
              header("X-Amzn-SageMaker-Inference-Id", "Becomes the request id"),
            ],
            ...invocation(described),
            error: "SageMakerError",
            isPrediction: true,
          }),
        },
      ]),
    ),
    schemas: {
      SageMakerError: {
        type: "object",
        required: ["__type", "Message"],
        properties: { __type: { type: "string" }, Message: { type: "string" } },
      },
    },
  };
}

export function describeTensorflowServing(models: readonly DescribedModel[]): Described {
  const tag = "tensorflow";
  const error = "TensorflowError";
  const paths: Record<string, Json> = {
    "/v1/models": {
      get: operation({
        id: "listModels",
        tag,
        summary: "Names of the models",
        answer: jsonContent({
          type: "object",
          required: ["models"],
          properties: { models: arrayOf({ type: "string" }) },
        }),
        error,
      }),
    },
  };
  for (const { encoded, suffix, model, versions, example } of models) {
    const names = model.schema.inputs.map(({ name }) => name);
    const columns = Object.fromEntries(names.map((name) => [name, [example[name] ?? null]]));
    const predict = (which: string, parameters: readonly Json[]) => ({
      post: operation({
        id: `predictInstances${which}`,
        tag,
        summary: `Predict rows or columns with ${model.name}, as TensorFlow Serving and KServe v1 do`,
        parameters,
        body: jsonContent(
          {
            type: "object",
            properties: { signature_name: { type: "string" }, instances: {}, inputs: {} },
            oneOf: [{ required: ["instances"] }, { required: ["inputs"] }],
          },
          {
            examples: examplesOf({
              rows: { instances: [example] },
              columns: { inputs: columns },
              "one output": { signature_name: model.schema.outputs[0]!.name, instances: [example] },
            }),
          },
        ),
        answer: jsonContent({
          type: "object",
          properties: { predictions: { type: "array" }, outputs: {} },
          oneOf: [{ required: ["predictions"] }, { required: ["outputs"] }],
        }),
        error,
        isPrediction: true,
      }),
    });
    const get = (id: string, summary: string, required: string, parameters: readonly Json[]) => ({
      get: operation({
        id,
        tag,
        summary,
        parameters,
        answer: jsonContent({ type: "object", required: [required] }),
        error,
      }),
    });
    const version = [oneOf("version", versions)];
    for (const [path, which, parameters] of [
      [`/v1/models/${encoded}`, suffix, []],
      [`/v1/models/${encoded}/versions/{version}`, `OfVersion${suffix}`, version],
    ] as const) {
      paths[path] = get(
        `modelStatus${which}`,
        `Whether ${model.name} answers, by version`,
        "model_version_status",
        parameters,
      );
      paths[`${path}/metadata`] = get(
        `modelSignatures${which}`,
        `Inputs and outputs of ${model.name}`,
        "metadata",
        parameters,
      );
      paths[`${path}:predict`] = predict(which, parameters);
    }
    paths[`/v1/models/${encoded}/labels/{label}:predict`] = predict(`OfLabel${suffix}`, [
      oneOf("label", ["stable", model.variant]),
    ]);
  }
  return {
    tag: { name: tag, description: "TensorFlow Serving and KServe v1" },
    paths,
    schemas: { [error]: { type: "object", required: ["error"], properties: { error: { type: "string" } } } },
  };
}
