// Columns sent to different steps, their results side by side. Rule: sklearn/compose/_column_transformer.py, ColumnTransformer.transform.
import {
  type Fitted,
  featureCountOf,
  featureNamesOf,
  NdArray,
  numberOf,
  PyDict,
  PyList,
  PyObject,
  PySlice,
  PyTuple,
  type PyValue,
} from "../../formats/index.ts";
import { joined, joinedRows, selected, selectedRows, weighted, weightedRows } from "./columns.ts";
import type { ColumnNeed, Estimator, Step, Transform } from "./estimator.ts";
import { textFormOf } from "./pipeline.ts";

interface Part {
  readonly columns: readonly number[];
  readonly step: Step;
  readonly transform: Transform;
  readonly weight: number;
}

const unchanged: Step = { columns: null, transform: { isExact: true, emit: (x) => x, evaluate: (x) => x } };

export const columnTransformer: Estimator = {
  classes: ["sklearn.compose._column_transformer.ColumnTransformer"],
  read(self, nested) {
    const names = featureNamesOf(self);
    const weights = self.get("transformer_weights");
    const parts: Part[] = [];
    for (const [i, item] of self.items("transformers_").entries()) {
      if (!(item instanceof PyTuple) || typeof item.items[0] !== "string")
        throw self.invalid(`has \`transformers_[${i}]\` that is no named step`);
      const [name, value, spec] = item.items as [string, PyValue, PyValue];
      if (value === "drop") continue;
      const columns = columnsOf(self, name, spec, names);
      if (columns.length === 0) continue;
      const step = value === "passthrough" ? unchanged : nested(self.at(value, `${name}`));
      if (!step.transform) throw self.invalid(`has a step "${name}" that cannot transform`);
      const weight = (weights instanceof PyDict ? numberOf(weights.get(name)) : undefined) ?? 1;
      parts.push({ columns, step, transform: step.transform, weight });
    }
    const count = Math.max(
      names?.length ?? featureCountOf(self) ?? 0,
      ...parts.flatMap((part) => part.columns.map((column) => column + 1)),
    );
    return {
      columns: needsOf(parts, count),
      transform: {
        isExact: parts.every(({ transform }) => transform.isExact === true),
        fillsMissing: parts.every(({ transform }) => transform.fillsMissing),
        emit: (x, emission) =>
          joined(
            parts.map(({ columns, transform, weight }) =>
              weighted(transform.emit(selected(x, columns, emission.g), emission), weight, emission.g),
            ),
          ),
        evaluate: (x) =>
          joinedRows(
            parts.map(({ columns, transform, weight }) =>
              weightedRows(transform.evaluate(selectedRows(x, columns)), weight),
            ),
            x.rows,
          ),
      },
    };
  },
};

/** Needs of every column; a column that several steps read takes the most particular one, one that none reads may be anything. */
function needsOf(parts: readonly Part[], count: number): readonly ColumnNeed[] {
  const needs: (ColumnNeed | undefined)[] = new Array<undefined>(count).fill(undefined);
  for (const { columns, step, transform } of parts)
    columns.forEach((column, position) => {
      const own: ColumnNeed = step.columns?.[position] ?? { type: "any", missing: true };
      const need: ColumnNeed = { ...own, filled: transform.fillsMissing === true };
      const other = needs[column];
      if (!other) needs[column] = need;
      else {
        const particular = other.categories || (other.type !== "any" && !need.categories) ? other : need;
        needs[column] = {
          ...particular,
          ...textFormOf([other, need]),
          missing: (other.missing ?? false) && (need.missing ?? false),
          filled: (other.filled ?? false) && (need.filled ?? false),
        };
      }
    });
  return needs.map((need) => need ?? { type: "any", missing: true, filled: true, unused: true });
}

/** Positions of the columns that a specification means: names, positions, a slice of either, or a mask. */
function columnsOf(self: Fitted, name: string, spec: PyValue, names: readonly string[] | null): number[] {
  const remembered = self.get("_transformer_to_input_indices");
  const indices = remembered instanceof PyDict ? remembered.get(name) : undefined;
  const value = indices ?? spec;
  const all = names?.length ?? featureCountOf(self) ?? 0;
  const positionOf = (one: PyValue): number => {
    const number = numberOf(one);
    if (typeof one !== "string" && number !== undefined) return number < 0 ? all + number : number;
    const position = names && typeof one === "string" ? names.indexOf(one) : -1;
    if (position < 0) throw self.invalid(`sends a column to "${name}" that is not among its columns`);
    return position;
  };
  if (value instanceof PySlice) return sliced(value, all, positionOf, names !== null);
  const list = listOf(value);
  if (list.length > 0 && list.every((item) => typeof item === "boolean"))
    return list.flatMap((item, position) => (item ? [position] : []));
  return list.map(positionOf);
}

function listOf(value: PyValue): readonly PyValue[] {
  if (value instanceof PyList || value instanceof PyTuple) return value.items;
  if (value instanceof NdArray) return value.values();
  // A list that remembers where it came from (1.5 and 1.6): sklearn.compose._column_transformer._RemainderColsList
  if (value instanceof PyObject && value.state instanceof PyDict) return listOf(value.state.get("data") ?? null);
  return value === null ? [] : [value];
}

/** Slices by name include their end, those by position do not. */
function sliced(
  { start, stop, step }: PySlice,
  all: number,
  positionOf: (one: PyValue) => number,
  hasNames: boolean,
): number[] {
  const by = numberOf(step ?? 1) ?? 1;
  const from = start === null ? 0 : positionOf(start);
  const to = stop === null ? all : positionOf(stop) + (hasNames && typeof stop === "string" ? 1 : 0);
  const positions: number[] = [];
  for (let at = from; at < Math.min(to, all); at += Math.max(1, by)) positions.push(at);
  return positions;
}
