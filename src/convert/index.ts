// convert: a described model in, an ONNX graph and its schema out. One converter per family of formats.
import { IngotError } from "../core/index.ts";
import type { Format } from "../formats/index.ts";
import { adviceFor } from "./advice.ts";
import { catboostConverter } from "./catboost/index.ts";
import { compacted } from "./compact/index.ts";
import type { Converted, Converter, ConvertOptions } from "./converter.ts";
import { lightgbmConverter } from "./lightgbm/index.ts";
import { onnxConverter } from "./onnx/index.ts";
import { sklearnConverter } from "./sklearn/index.ts";
import { xgboostConverter } from "./xgboost/index.ts";

export type { Converted, Converter, ConvertOptions, Tolerance } from "./converter.ts";
export { type EdgeKind, type EdgeRow, edgeRows } from "./edge_rows.ts";
export { estimators } from "./sklearn/index.ts";
export { inspectModel, type ModelUse } from "./use.ts";

export const converters: readonly Converter[] = [
  lightgbmConverter,
  xgboostConverter,
  catboostConverter,
  sklearnConverter,
  onnxConverter,
];

/** Converts a model that `format.read` returned. @throws IngotError MODEL_UNSUPPORTED */
export function convertModel(
  format: Pick<Format, "id" | "title">,
  model: unknown,
  options: ConvertOptions = {},
): Converted {
  const converter = converters.find((candidate) => candidate.formats.includes(format.id));
  if (converter) {
    const { dialect = "exact", ...others } = options;
    if (dialect === "exact") return converter.convert(model, others);
    if (converter !== onnxConverter) return compacted(converter.convert(model, others));
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: "a graph that is ONNX already is packed as it is: it has no compact dialect",
      fix: "leave `dialect` out, or convert the file that the library wrote",
    });
  }
  throw new IngotError("MODEL_UNSUPPORTED", {
    what: `${format.title}: can be inspected, but not converted yet`,
    fix: adviceFor(format.id) ?? "see `ingot formats` for what can be packed",
  });
}
