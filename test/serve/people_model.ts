// Small real models that the server's tests serve: a graph each, run by the native runtime.
import { type DType, digest, type InputSpec, type OutputSpec, type Schema } from "../../src/core/index.ts";
import { float64, GraphBuilder, int64, type Value, writeModel } from "../../src/onnx/index.ts";
import { openPredictor, type Predictor } from "../../src/runtime/index.ts";
import { type LoadedModel, type RunningServer, type ServerOptions, startServer } from "../../src/serve/index.ts";

async function served(
  name: string,
  graph: GraphBuilder,
  schema: Schema,
  more: Partial<LoadedModel>,
): Promise<LoadedModel> {
  const bytes = writeModel(graph.build());
  const predictor = await openPredictor({ bytes }, schema, { runtime: "native" });
  return { name, version: "1.2.0", digest: digest(bytes), schema, predictor, ...more };
}

const output = (name: string, type: OutputSpec["type"], dtype: DType): OutputSpec => ({
  name,
  type,
  dtype,
  shape: [],
  layout: "batch",
});

/** Takes age (int), height (float, may be missing) and colour (text); gives their sum, ratio, age and colour again. */
export function peopleModel(more: Partial<LoadedModel> = {}): Promise<LoadedModel> {
  const g = new GraphBuilder("people");
  const age = g.input("age", "int64", ["N", 1]);
  const height = g.input("height", "float64", ["N", 1]);
  const colour = g.input("colour", "string", ["N", 1]);
  const flat = (value: Value) => g.op("Reshape", [value, g.constant(int64([-1]))]);
  const years = flat(g.op("Cast", [age], { to: 11 }));
  g.output(g.op("Add", [years, flat(height)]), "sum");
  g.output(g.op("Div", [flat(height), g.op("Sub", [years, g.constant(float64([40]))])]), "ratio");
  g.output(flat(age), "age_again");
  g.output(flat(colour), "colour_again");
  const inputs: InputSpec[] = [
    { name: "age", type: "int", dtype: "int64", shape: [], layout: "column", min: 0, unit: "year" },
    { name: "height", type: "float", dtype: "float64", shape: [], layout: "column", missing: "allow", unit: "cm" },
    { name: "colour", type: "string", dtype: "string", shape: [], layout: "column", categories: ["red", "it's"] },
  ];
  const outputs = [
    { ...output("sum", "float", "float64"), role: "value" as const },
    output("ratio", "float", "float64"),
    output("age_again", "int", "int64"),
    output("colour_again", "string", "string"),
  ];
  const example = { age: 39, height: 170.5, colour: "red" };
  return served("people", g, { inputs, outputs }, { description: "Adds what people are", example, ...more });
}

/** Takes two weights `x`; gives `share`, each divided by their sum, with the classes no and yes. */
export function probabilityModel(more: Partial<LoadedModel> = {}): Promise<LoadedModel> {
  const g = new GraphBuilder("odds");
  const x = g.input("x", "float32", ["N", 2]);
  const sum = g.op("ReduceSum", [x, g.constant(int64([1]))], { keepdims: 1 });
  g.output(g.op("Div", [x, sum]), "share");
  const inputs: InputSpec[] = [{ name: "x", type: "float", dtype: "float32", shape: [2], layout: "batch" }];
  const share = { ...output("share", "float", "float32"), shape: [2], role: "probabilities" as const };
  return served("odds", g, { inputs, outputs: [{ ...share, classes: ["no", "yes"] }] }, more);
}

export const everyDtype = [
  ...(["bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"] as const),
  ...(["float16", "float32", "float64", "string"] as const),
];

/** One input `in_<dtype>` of shape [N, 2] for each element type, and an output `out_<dtype>` equal to it. */
export function echoModel(): Promise<LoadedModel> {
  const g = new GraphBuilder("echo");
  const column = (dtype: DType) =>
    dtype === "string"
      ? ("string" as const)
      : dtype === "bool"
        ? ("bool" as const)
        : /float/.test(dtype)
          ? ("float" as const)
          : ("int" as const);
  const inputs: InputSpec[] = [];
  const outputs: OutputSpec[] = [];
  for (const dtype of everyDtype) {
    g.output(g.op("Identity", [g.input(`in_${dtype}`, dtype, ["N", 2])]), `out_${dtype}`);
    const spec = { type: column(dtype), dtype, shape: [2], layout: "batch" as const };
    inputs.push({ name: `in_${dtype}`, missing: /float/.test(dtype) ? "allow" : "refuse", ...spec });
    outputs.push({ name: `out_${dtype}`, ...spec });
  }
  return served("team a/echo", g, { inputs, outputs }, {});
}

/** The same predictor, answering a while later. */
export function slowed(predictor: Predictor, ms: number): Predictor {
  const wait = () => new Promise((resolve) => setTimeout(resolve, ms));
  return {
    runtime: predictor.runtime,
    schema: predictor.schema,
    run: async (feeds) => {
      await wait();
      return predictor.run(feeds);
    },
    predict: async (records) => {
      await wait();
      return predictor.predict(records);
    },
    predictEach: async (records) => {
      await wait();
      return predictor.predictEach(records);
    },
    close: () => predictor.close(),
  };
}

export function serve(models: readonly LoadedModel[], more: Partial<ServerOptions> = {}): Promise<RunningServer> {
  return startServer({ models, port: 0, version: "0.1.0", webFolder: null, ...more });
}
