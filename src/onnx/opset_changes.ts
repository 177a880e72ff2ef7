// Where a newer opset changed what an operator means, so that a node cannot simply be declared at the newer one.
// Rule: onnx/docs/Changelog.md. Versions that only allow more types, or add attributes whose default is the old behaviour,
// are not listed.
import { IngotError } from "../core/index.ts";
import type { Model, OpsetImport } from "./model.ts";
import { nodesOf } from "./walk.ts";

const changes: readonly [domain: string, version: number, operators: string][] = [
  ["", 7, "Add Sub Mul Div Pow And Or Xor Equal Greater Less Gemm BatchNormalization Dropout PRelu Upsample"],
  ["", 9, "BatchNormalization Upsample Scan"],
  ["", 10, "Slice TopK Dropout Upsample"],
  ["", 11, "Clip Pad Resize Scatter"],
  ["", 12, "Dropout"],
  ["", 13, "Softmax LogSoftmax Hardmax Squeeze Unsqueeze ReduceSum Split"],
  ["", 14, "BatchNormalization"],
  ["", 16, "RoiAlign"],
  [
    "",
    18,
    "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSumSquare Split",
  ],
  ["", 20, "GridSample DFT"],
  ["", 21, "GroupNormalization"],
  ["ai.onnx.ml", 2, "LabelEncoder"],
  ["ai.onnx.ml", 5, "TreeEnsembleClassifier TreeEnsembleRegressor"],
];

/** `""` for ai.onnx under either of its names. */
export function plainDomain(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

/** The version that a model imports; 0 when it does not import the domain. */
export function opsetVersion(imports: readonly OpsetImport[], domain: string): number {
  return imports.find((opset) => plainDomain(opset.domain) === plainDomain(domain))?.version ?? 0;
}

/**
 * Imports that both models can be declared with: per domain the higher version, when no operator of the other model
 * changed its meaning in between.
 * @throws IngotError ONNX_UNSUPPORTED naming the operator
 */
export function commonOpsets(first: Model, second: Model): OpsetImport[] {
  const versions = new Map<string, number>();
  for (const { domain, version } of [...first.opsetImports, ...second.opsetImports])
    versions.set(plainDomain(domain), Math.max(version, versions.get(plainDomain(domain)) ?? 0));
  for (const model of [first, second]) for (const [domain, version] of versions) checkRaise(model, domain, version);
  return [...versions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([domain, version]) => ({ domain, version }));
}

/** Operators that mean something else since a version above `current`, up to `target`. */
export function changedOperators(domain: string, current: number, target: number): ReadonlyMap<string, number> {
  const changed = new Map<string, number>();
  for (const [where, version, operators] of changes)
    if (where === domain && version > current && version <= target)
      for (const operator of operators.split(" ")) changed.set(operator, version);
  return changed;
}

function checkRaise(model: Model, domain: string, target: number): void {
  const current = opsetVersion(model.opsetImports, domain);
  if (current === 0 || current === target) return;
  const changed = changedOperators(domain, current, target);
  for (const node of nodesOf(model)) {
    const version = plainDomain(node.domain) === domain ? changed.get(node.opType) : undefined;
    if (version !== undefined)
      throw new IngotError("ONNX_UNSUPPORTED", {
        what: `cannot join opset ${current} with opset ${target}: ${node.opType} means something else since opset ${version}`,
        where: `graph "${model.graph.name}", node "${node.name}"`,
        fix: `export the model again with opset ${target}`,
      });
  }
}
