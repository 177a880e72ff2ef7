// Models that are ONNX already: the graph stays as it is, its inputs and outputs become the schema.
import { type Dim, type DType, IngotError, type InputSpec, type OutputSpec, quoted } from "../../core/index.ts";
import {
  classifierOutput,
  columnType,
  graphInputs,
  graphOutputs,
  makersOf,
  tensorDims,
  valueTypeText,
} from "../../formats/index.ts";
import { lintModel, type Model, type ValueInfo } from "../../onnx/index.ts";
import type { Converted, Converter } from "../converter.ts";
import { isBatched } from "./layout.ts";
import { categoriesOf, type Declared, declaredType, named } from "./names.ts";
import { withoutZipMap } from "./zip_map.ts";

export const onnxConverter: Converter<Model> = {
  formats: ["onnx"],
  convert(original, options) {
    const unzipped = withoutZipMap(original);
    const warnings = usable(unzipped.model);
    const { model, declared } = named(unzipped.model, options.inputs);
    const makers = makersOf(model.graph);
    const inputs = graphInputs(model.graph).map((input) => tensorInput(input));
    const outputs = graphOutputs(model).map((output) => tensorOutput(output, model));
    const batched = isBatched(
      inputs.map(({ shape }) => shape),
      outputs.map(({ shape }) => shape),
    );
    return {
      model,
      schema: {
        inputs: inputs.map((input) => inputSpec(input, batched, declared.get(input.name))),
        outputs: outputs.map((output) => outputSpec(output, batched, classNamesOf(output.name, output.shape))),
      },
      promises: Object.fromEntries(outputs.map(({ name }) => [name, { exact: true } as const])),
      notes: [...notesOf([...unzipped.classes.keys()], batched), ...warnings],
    } satisfies Converted;

    function classNamesOf(name: string, shape: readonly Dim[]): readonly string[] | undefined {
      const found = unzipped.classes.get(name) ?? classifierOutput(makers, name)?.classes ?? undefined;
      const given = options.classes?.map(String) ?? (found && found.length > 0 ? found : undefined);
      const last = shape.at(-1);
      return shape.length > 1 && given && (typeof last !== "number" || last === given.length) ? given : undefined;
    }

    function outputSpec(
      { name, dtype, shape }: TensorValue,
      isBatch: boolean,
      classes: readonly string[] | undefined,
    ): OutputSpec {
      const role = classifierOutput(makers, name)?.role ?? (unzipped.classes.has(name) ? "probabilities" : undefined);
      const own = isBatch ? shape.slice(1) : shape;
      return {
        name,
        type: columnType(dtype)!,
        dtype,
        shape: classes ? [...own.slice(0, -1), classes.length] : own,
        layout: isBatch ? "batch" : "whole",
        ...(role ? { role } : {}),
        ...(classes ? { classes } : {}),
      };
    }
  },
};

interface TensorValue {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly Dim[];
}

/** Warnings of the linter, as notes. What no runtime can run is said here, not at the first prediction. */
function usable(model: Model): string[] {
  const findings = lintModel(model);
  const broken = findings.find(({ severity }) => severity === "error");
  if (broken) throw new IngotError("MODEL_UNSUPPORTED", { what: broken.message, where: broken.where, fix: broken.fix });
  return findings.filter(({ severity }) => severity === "warning").map(({ where, message }) => `${where}: ${message}`);
}

function tensorInput(input: ValueInfo): TensorValue {
  const { name, type } = input;
  if (type?.kind === "tensor" && type.dtype && type.shape) return { name, dtype: type.dtype, shape: tensorDims(type) };
  throw new IngotError("MODEL_UNSUPPORTED", {
    what: `input ${quoted(name)} is ${valueTypeText(type)}; inputs must be tensors of known type and rank`,
    fix: "export the model with typed tensor inputs",
  });
}

function tensorOutput(output: ValueInfo, { graph }: Model): TensorValue {
  const { name, type } = output;
  if (type?.kind === "tensor" && type.dtype && columnType(type.dtype))
    return { name, dtype: type.dtype, shape: type.shape ? tensorDims(type) : [null, null] };
  const maker = graph.nodes.find((node) => node.outputs.includes(name))?.opType ?? "the graph";
  throw new IngotError("MODEL_UNSUPPORTED", {
    what: `output ${quoted(name)} is ${valueTypeText(type)}, which JavaScript runtimes cannot return`,
    where: maker,
    fix:
      maker === "ZipMap" || maker === "SequenceMap"
        ? "export without ZipMap: skl2onnx `options={'zipmap': False}`"
        : "make the graph end in tensors, or remove this output",
  });
}

function inputSpec({ name, dtype, shape }: TensorValue, batched: boolean, declared: Declared | undefined): InputSpec {
  const type = declaredType(declared, dtype, name);
  const isColumn = batched && shape.length === 2 && shape[1] === 1;
  return {
    name,
    type,
    dtype,
    shape: isColumn ? [] : batched ? shape.slice(1) : shape,
    layout: isColumn ? "column" : batched ? "batch" : "whole",
    ...categoriesOf(declared),
  };
}

function notesOf(unzipped: readonly string[], batched: boolean): string[] {
  const notes = unzipped.map((name) => `output ${quoted(name)}: ZipMap removed, the same probabilities as one array`);
  if (!batched) notes.push("the graph has no open batch axis: it takes one record at a time, in its exact shape");
  return notes;
}
