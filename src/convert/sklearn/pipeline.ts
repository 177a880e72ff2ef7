// Steps in a row, and side by side. Rule: sklearn/pipeline.py, Pipeline.predict (transform, then the last step) and FeatureUnion.transform.
import { IngotError } from "../../core/index.ts";
import { type Fitted, numberOf, PyDict, PyTuple, type PyValue } from "../../formats/index.ts";
import { joined, joinedRows, weighted, weightedRows } from "./columns.ts";
import type { ColumnNeed, Columns, Emission, Estimator, Step, Table, Transform } from "./estimator.ts";
import { givesSparse } from "./sparse_output.ts";

const unchanged = { emit: (x: Columns) => x, evaluate: (x: Table) => x };
const passes: Transform = { isExact: true, ...unchanged, inverse: unchanged };

/** The `(name, estimator)` pairs of a list; text stands for what passes through or is left out. */
export function namedSteps(self: Fitted, attribute: string): { name: string; value: PyValue; path: string }[] {
  return self.items(attribute).map((item, i) => {
    if (!(item instanceof PyTuple) || typeof item.items[0] !== "string")
      throw self.invalid(`has \`${attribute}[${i}]\` that is no named step`);
    return { name: item.items[0], value: item.items[1]!, path: `${attribute}[${i}][1]` };
  });
}

function isPassthrough(value: PyValue): boolean {
  return value === null || value === "passthrough";
}

export const pipeline: Estimator = {
  classes: ["sklearn.pipeline.Pipeline", "imblearn.pipeline.Pipeline"],
  read(self, nested) {
    const parts = namedSteps(self, "steps")
      .filter(({ value }) => !isPassthrough(value))
      .map(({ value, path }) => self.at(value, path))
      // Samplers of imbalanced-learn change rows in training only.
      .filter((step) => !/^imblearn\.(over|under)_sampling|^imblearn\.combine/.test(step.className));
    const steps = apartFromNone(self, parts.map(nested));
    if (steps.length === 0) return { columns: null, transform: passes };
    const isSparse = parts.slice(0, -1).reduce((sparse, part) => givesSparse(part, sparse), false);
    const given = steps.at(-1)!;
    const last = isSparse && given.whenSparse ? given.whenSparse() : given;
    const before = steps.slice(0, -1).map((step, i) => {
      if (step.transform) return step.transform;
      throw self.invalid(`has a step ${i} that cannot transform`);
    });
    return { ...inRow(before, last, needsOf(steps)), notes: steps.flatMap((step) => step.notes ?? []) };
  },
};

/** Imputers of NaN before categories that know None let it through. */
function apartFromNone(self: Fitted, steps: readonly Step[]): Step[] {
  return steps.map((step, i) => {
    const needs = steps[i + 1]?.columns ?? [];
    const apart = new Set(needs.flatMap((need, position) => (need.none ? [position] : [])));
    if (apart.size === 0 || !step.transform?.fillsMissing) return step;
    if (!step.leavingNone)
      throw self.unsupported(
        "fills missing values in a step before categories that hold None",
        "fill None with a text before fitting: SimpleImputer fills NaN only",
      );
    return step.leavingNone(apart);
  });
}

/** Columns of the first step; a missing value may come in where it is filled before a step that refuses it. */
function needsOf(steps: readonly Step[]): readonly ColumnNeed[] | null {
  const first = steps[0]!.columns;
  if (!first || steps.length === 1 || steps[0]!.transform?.fillsMissing) return first;
  const accepted = needsOf(steps.slice(1))?.every((need) => need.missing) ?? false;
  return first.map((need) => (need.missing && !accepted && !need.filled ? { ...need, missing: false } : need));
}

/** Transformations, then whatever the last step can do. */
export function inRow(before: readonly Transform[], last: Step, columns: readonly ColumnNeed[] | null): Step {
  const emitted = (x: Columns, emission: Emission) => before.reduce((value, step) => step.emit(value, emission), x);
  const evaluated = (x: Table) => before.reduce((value, step) => step.evaluate(value), x);
  const isExact = before.every((step) => step.isExact === true);
  const after = <T extends { emit(x: Columns, emission: Emission): unknown; evaluate(x: Table): unknown }>(
    part: T | undefined,
  ): T | undefined =>
    part && {
      ...part,
      // Exact answers to what is not quite the same question are not exact.
      ...(isExact ? {} : { isExact: false, isExactDecision: false }),
      emit: (x: Columns, emission: Emission) => part.emit(emitted(x, emission), emission),
      evaluate: (x: Table) => part.evaluate(evaluated(x)),
    };
  const { transform, classify, regress, detect, cluster } = last;
  const parts = {
    transform: after(transform),
    classify: after(classify),
    regress: after(regress),
    detect: after(detect),
    cluster: after(cluster),
  };
  const known = Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)) as Omit<
    Step,
    "columns"
  >;
  if (!transform) return { columns, ...known };
  const { inverse: _, ...forward } = known.transform!;
  const fillsMissing = before.some((step) => step.fillsMissing) || transform.fillsMissing === true;
  const inverse = inverseOf([...before, transform]);
  return { columns, ...known, transform: { ...forward, fillsMissing, ...(inverse ? { inverse } : {}) } };
}

/** All steps undone, the last one first; null where one cannot be. */
function inverseOf(steps: readonly Transform[]): Transform["inverse"] | null {
  const undone = steps.toReversed().map(({ inverse }) => inverse);
  if (undone.some((one) => one === undefined)) return null;
  return {
    emit: (x, emission) => undone.reduce((value, one) => one!.emit(value, emission), x),
    evaluate: (x) => undone.reduce((value, one) => one!.evaluate(value), x),
  };
}

export const featureUnion: Estimator = {
  classes: ["sklearn.pipeline.FeatureUnion"],
  read(self, nested) {
    const weights = self.get("transformer_weights");
    const parts = namedSteps(self, "transformer_list")
      .filter(({ value }) => value !== "drop" && value !== null)
      .map(({ name, value, path }) => {
        const step: Step =
          value === "passthrough" ? { columns: null, transform: passes } : nested(self.at(value, path));
        if (!step.transform) throw self.invalid(`has a part "${name}" that cannot transform`);
        const weight = (weights instanceof PyDict ? numberOf(weights.get(name)) : undefined) ?? 1;
        return { needs: step.columns, transform: step.transform, weight };
      });
    return {
      columns: mergedNeeds(parts.map(({ needs }) => needs)),
      transform: {
        isExact: parts.every(({ transform }) => transform.isExact === true),
        fillsMissing: parts.every(({ transform }) => transform.fillsMissing),
        emit: (x, emission) =>
          joined(parts.map(({ transform, weight }) => weighted(transform.emit(x, emission), weight, emission.g))),
        evaluate: (x) =>
          joinedRows(
            parts.map(({ transform, weight }) => weightedRows(transform.evaluate(x), weight)),
            x.rows,
          ),
      },
    };
  },
};

/** What columns must be that several steps read: the most particular need of each. */
export function mergedNeeds(all: readonly (readonly ColumnNeed[] | null)[]): readonly ColumnNeed[] | null {
  const known = all.filter((needs) => needs !== null);
  if (known.length === 0) return null;
  return known[0]!.map((_, position) => {
    const needs = known.map((list) => list[position]!);
    const particular = needs.find((need) => need.categories) ?? needs.find((need) => need.type !== "any") ?? needs[0]!;
    return { ...particular, ...textFormOf(needs), missing: needs.every((need) => need.missing) };
  });
}

/** The one form in which all read a column of texts; a column is sent once. @throws IngotError MODEL_UNSUPPORTED where they differ */
export function textFormOf(needs: readonly ColumnNeed[]): Pick<ColumnNeed, "text"> {
  const reading = needs.filter((need) => !need.unused);
  const [form, ...others] = new Set(
    reading.map(({ text }) => `${text?.lowercase ?? false} ${text?.stripAccents ?? ""}`),
  );
  if (form === undefined) return {};
  if (others.length > 0)
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: "several steps read one column of texts in different forms (`lowercase`, `strip_accents`)",
      fix: "fit them with the same `lowercase` and `strip_accents`, or on two columns of the same texts",
    });
  const text = reading[0]!.text;
  return text ? { text } : {};
}
