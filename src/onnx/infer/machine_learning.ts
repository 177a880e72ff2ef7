// Operators of ai.onnx.ml and the few of com.microsoft that Ingot meets.
import type { Call, Rule } from "./rule.ts";

const rows = (call: Call) => call.inputs[0]?.shape?.[0] ?? null;
const sameShape = (call: Call) => call.inputs[0]?.shape ?? null;

/** Labels take the type of whichever class list the node has. */
const classifier: Rule = (call) => {
  const { attributes } = call;
  const isText = attributes.has("classlabels_strings") || attributes.has("classlabels_strings_attribute");
  return [
    { dtype: isText ? "string" : "int64", shape: [rows(call)] },
    { dtype: "float32", shape: [rows(call), null] },
  ];
};

const labelEncoder: Rule = (call) => {
  const { attributes } = call;
  const values = attributes.tensor("values_tensor");
  const dtype =
    values?.dtype ??
    (attributes.has("values_strings") ? "string" : attributes.has("values_floats") ? "float32" : null) ??
    (attributes.has("values_int64s") ? "int64" : call.inputs[0]?.dtype === "string" ? "int64" : "string");
  return [{ dtype, shape: sameShape(call) }];
};

const float32: Rule = (call) => [{ dtype: "float32", shape: sameShape(call) }];
const keeping: Rule = (call) => [{ dtype: call.inputs[0]?.dtype ?? null, shape: sameShape(call) }];

export const machineLearning: Record<string, Rule> = {
  "ai.onnx.ml:TreeEnsemble": (call) => [
    { dtype: call.inputs[0]?.dtype ?? null, shape: [rows(call), call.attributes.int("n_targets", null)] },
  ],
  "ai.onnx.ml:TreeEnsembleClassifier": classifier,
  "ai.onnx.ml:TreeEnsembleRegressor": (call) => [
    { dtype: "float32", shape: [rows(call), call.attributes.int("n_targets", null)] },
  ],
  "ai.onnx.ml:LinearClassifier": classifier,
  "ai.onnx.ml:LinearRegressor": (call) => [
    { dtype: "float32", shape: [rows(call), call.attributes.int("targets", 1)] },
  ],
  "ai.onnx.ml:SVMClassifier": classifier,
  "ai.onnx.ml:SVMRegressor": (call) => [{ dtype: "float32", shape: [rows(call), 1] }],
  "ai.onnx.ml:LabelEncoder": labelEncoder,
  "ai.onnx.ml:CategoryMapper": labelEncoder,
  "ai.onnx.ml:ArrayFeatureExtractor": (call) => {
    const from = sameShape(call);
    const count = call.inputs[1]?.shape?.at(-1) ?? null;
    return [
      {
        dtype: call.inputs[0]?.dtype ?? null,
        shape: from ? [...(from.length > 1 ? from.slice(0, -1) : [1]), count] : null,
      },
    ];
  },
  "ai.onnx.ml:OneHotEncoder": (call) => {
    const from = sameShape(call);
    const ints = call.attributes.ints("cats_int64s");
    return [{ dtype: "float32", shape: from ? [...from, ints?.length ?? null] : null }];
  },
  "ai.onnx.ml:FeatureVectorizer": (call) => {
    const sizes = call.attributes.ints("inputdimensions");
    return [{ dtype: "float32", shape: [rows(call), sizes ? sizes.reduce((sum, size) => sum + size, 0) : null] }];
  },
  "ai.onnx.ml:Scaler": float32,
  "ai.onnx.ml:Normalizer": float32,
  "ai.onnx.ml:Binarizer": keeping,
  "ai.onnx.ml:Imputer": keeping,
  "com.microsoft:CDist": (call) => [
    { dtype: call.inputs[0]?.dtype ?? null, shape: [rows(call), call.inputs[1]?.shape?.[0] ?? null] },
  ],
  "com.microsoft:Tokenizer": (call) => {
    const from = sameShape(call);
    return [{ dtype: "string", shape: from ? [...from, null] : null }];
  },
  "com.microsoft:MurmurHash3": (call) => [
    { dtype: call.attributes.int("positive", 1) === 1 ? "uint32" : "int32", shape: sameShape(call) },
  ],
  "com.microsoft:Gelu": keeping,
};
