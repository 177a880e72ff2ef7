// pytorch: what torch.save writes since 1.6, a zip of one pickle and one file per storage. Rule: torch/serialization.py (_save, persistent_id),
// torch/_utils.py (_rebuild_tensor_v2, _rebuild_parameter).
import { IngotError } from "../../core/index.ts";
import { readPickle } from "../pickle/machine.ts";
import { surveyPickles } from "../pickle/survey.ts";
import { numberOf } from "../python/ndarray.ts";
import { PyDict, PyGlobal, PyList, PyObject, PyPersistent, PyTuple, type PyValue } from "../python/values.ts";
import { describeTensors, elementCount, type StoredTensor } from "../tensors.ts";
import type { Tree, TreeFormat } from "../tree.ts";

interface PytorchModel {
  readonly source: string;
  /** Class of the object that is stored, e.g. `collections.OrderedDict`. */
  readonly root: string;
  readonly tensors: readonly StoredTensor[];
  /** TorchScript: the program is stored beside the weights. */
  readonly code: number;
  readonly globals: readonly string[];
}

/** Bytes per element and name of the storage classes. */
const storages: Readonly<Record<string, readonly [dtype: string, size: number]>> = {
  DoubleStorage: ["float64", 8],
  FloatStorage: ["float32", 4],
  HalfStorage: ["float16", 2],
  BFloat16Storage: ["bfloat16", 2],
  LongStorage: ["int64", 8],
  IntStorage: ["int32", 4],
  ShortStorage: ["int16", 2],
  CharStorage: ["int8", 1],
  ByteStorage: ["uint8", 1],
  BoolStorage: ["bool", 1],
  ComplexFloatStorage: ["complex64", 8],
  ComplexDoubleStorage: ["complex128", 16],
  UntypedStorage: ["uint8", 1],
};

/** Objects that are looked at: a small pickle can share one millions of times. */
const visitLimit = 2_000_000;
/** Names and shapes only: the numbers lie beside it. */
const largestPickle = 256 * 2 ** 20;

export const pytorch: TreeFormat<PytorchModel> = {
  id: "pytorch",
  title: "PyTorch",
  detect: (tree) => tree.container === "zip" && dataPath(tree) !== undefined,
  async read(tree) {
    const path = dataPath(tree)!;
    await using file = await tree.open(path);
    const { value, globals } = readPickle(await file.readAll(largestPickle), `${tree.name}!/${path}`);
    const folder = path.slice(0, -"data.pkl".length);
    const sizes = new Map(
      tree.entries
        .filter(({ path: one }) => one.startsWith(`${folder}data/`))
        .map((entry) => [entry.path.slice(folder.length + 5), entry.size]),
    );
    const tensors = tensorsIn(value, sizes, tree.name);
    return {
      source: tree.name,
      root:
        value instanceof PyObject
          ? value.className
          : value instanceof PyDict
            ? "dict"
            : value instanceof PyList
              ? "list"
              : "object",
      tensors,
      code: tree.entries.filter(({ path: one }) => one.startsWith(`${folder}code/`) && one.endsWith(".py")).length,
      globals: globals.map((global) => global.path),
    };
  },
  describe(model) {
    const { facts, ...sizes } = describeTensors(model.tensors);
    const own = model.globals.filter((name) => !/^(torch|collections)\b/.test(name));
    return {
      format: model.code > 0 ? "torchscript" : "pytorch",
      producer: { name: "PyTorch" },
      task: "unknown",
      summary: `${model.code > 0 ? "TorchScript program" : model.root === "collections.OrderedDict" || model.root === "dict" ? "state dict" : model.root} of ${model.tensors.length} tensors`,
      inputs: [],
      outputs: [],
      ...sizes,
      facts: [
        ...facts,
        ...(model.code > 0 ? [["code", `${model.code} source files`] as const] : []),
        ...(own.length > 0 ? [["classes", own.join(", ")] as const] : []),
      ],
    };
  },
  async survey(tree, survey) {
    try {
      await pytorch.read(tree);
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "anomaly", subject: "structure", detail: error.what });
    }
    for (const { path } of tree.entries)
      if (/\/code\/.*\.py$/.test(path))
        survey.observe({
          kind: "code",
          subject: `TorchScript source file ${path}`,
          detail: "runs in PyTorch's own interpreter when the model is called",
        });
  },
  /** Ids of storages mean something only here, and storages are numbers, whatever they look like. */
  memberSurvey(tree, path) {
    const data = dataPath(tree);
    if (data === undefined) return undefined;
    const folder = data.slice(0, -"data.pkl".length);
    if (path === data || path === `${folder}constants.pkl`)
      return {
        isRaw: false,
        async survey(file, survey) {
          await surveyPickles(file, survey, { persistent: true });
        },
      };
    if (!path.startsWith(`${folder}data/`) && !path.startsWith(`${folder}constants/`)) return undefined;
    return { isRaw: true, survey: async (file, survey) => survey.covered(0, file.size) };
  },
};

/** `<name>/data.pkl` beside `<name>/version`. */
function dataPath(tree: Tree): string | undefined {
  const names = new Set(tree.entries.map(({ path }) => path));
  return [...names].find(
    (path) => /^[^/]+\/data\.pkl$/.test(path) && names.has(`${path.slice(0, -"data.pkl".length)}version`),
  );
}

function tensorsIn(root: PyValue, sizes: ReadonlyMap<string, number>, source: string): StoredTensor[] {
  const tensors: StoredTensor[] = [];
  const seen = new Set<PyValue>();
  const open: [name: string, value: PyValue][] = [["", root]];
  for (let visits = 0; open.length > 0; visits++) {
    if (visits > visitLimit)
      throw new IngotError("FILE_TOO_LARGE", { what: `refers to more than ${visitLimit} objects`, where: source });
    const [name, value] = open.pop()!;
    if (typeof value !== "object" || value === null) continue;
    if (value instanceof PyObject && /^torch\._utils\._rebuild_(tensor|parameter)/.test(value.className)) {
      const tensor = tensorOf(name, value, sizes, source);
      if (tensor) tensors.push(tensor);
      else open.push(...value.args.map((arg): [string, PyValue] => [name, arg]));
      continue;
    }
    if (seen.has(value)) continue;
    seen.add(value);
    for (const [key, inner] of children(value)) open.push([name === "" ? key : `${name}.${key}`, inner]);
  }
  return tensors.reverse();
}

function children(value: object): [string, PyValue][] {
  const named = (pairs: readonly (readonly [PyValue, PyValue])[]) =>
    pairs.map(([key, inner]): [string, PyValue] => [
      typeof key === "string" ? key : String(numberOf(key) ?? "?"),
      inner,
    ]);
  if (value instanceof PyDict) return named(value.entries);
  if (value instanceof PyList || value instanceof PyTuple) return value.items.map((item, i) => [String(i), item]);
  if (!(value instanceof PyObject)) return [];
  return [
    ...named(value.pairs ?? []),
    ...(value.state instanceof PyDict ? named(value.state.entries) : []),
    ...(value.appended ?? []).map((item, i): [string, PyValue] => [String(i), item]),
  ];
}

/** Null for what is wrapped around a tensor (a parameter). @throws MODEL_INVALID for a tensor that is not in its storage */
function tensorOf(
  name: string,
  value: PyObject,
  sizes: ReadonlyMap<string, number>,
  source: string,
): StoredTensor | null {
  const [storage, offset, size, stride] = value.args;
  if (!(storage instanceof PyPersistent)) return null;
  const [kind, type, key, , count] = storage.id instanceof PyTuple ? storage.id.items : [];
  const known = type instanceof PyGlobal ? storages[type.name] : undefined;
  if (
    kind !== "storage" ||
    !known ||
    typeof key !== "string" ||
    !(size instanceof PyTuple) ||
    !(stride instanceof PyTuple)
  )
    return null;
  const [shape, steps] = [size, stride].map((tuple) => tuple.items.map((item) => numberOf(item) ?? Number.NaN)) as [
    number[],
    number[],
  ];
  const bytes = elementCount(shape) * known[1];
  // The last element that the tensor reaches, in elements of its storage.
  const last = shape.includes(0)
    ? 0
    : shape.reduce((sum, dim, i) => sum + (dim - 1) * (steps[i] ?? Number.NaN), (numberOf(offset) ?? 0) + 1);
  const held = sizes.get(key);
  const isInside =
    [...shape, ...steps].every((one) => Number.isSafeInteger(one) && one >= 0) &&
    held !== undefined &&
    last * known[1] <= held &&
    (numberOf(count) ?? 0) * known[1] <= held;
  if (!isInside)
    throw new IngotError("MODEL_INVALID", {
      what: `tensor "${name}" lies outside of its storage "${key}"`,
      where: source,
      fix: "the file is incomplete or damaged: save it again",
    });
  return { name, dtype: known[0], shape, bytes };
}
