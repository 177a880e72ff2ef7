// Categories as numbers. Rules: sklearn/preprocessing/_encoders.py, _BaseEncoder._transform and _map_infrequent_categories,
// OneHotEncoder.transform, OrdinalEncoder.transform; _target_encoder.py, TargetEncoder.transform; _label.py.
import { type Fitted, NdArray, numberOf, PyList, PyTuple, type PyValue } from "../../formats/index.ts";
import {
  type Categories,
  codeRows,
  emitCodes,
  emitIndicators,
  emitLookup,
  fittedCategories,
  indicatorRows,
  needOf,
} from "./categories.ts";
import { selected } from "./columns.ts";
import type { Block, Emission, Estimator, Step, Table } from "./estimator.ts";
import { readTargets } from "./tree_classes.ts";

const encoderModules = ["sklearn.preprocessing._encoders", "sklearn.preprocessing.data", "sklearn.preprocessing._data"];

/** One column of X: categories to codes, codes to columns. */
interface Encoding {
  readonly categories: Categories;
  readonly width: number;
  emit(block: Block, emission: Emission): Block;
  evaluate(column: Table["columns"][number]): Float64Array[];
}

function columnwise(encodings: readonly Encoding[], acceptsMissing: boolean): Step {
  return {
    columns: encodings.map(({ categories }) => needOf(categories, acceptsMissing)),
    transform: {
      width: encodings.reduce((sum, { width }) => sum + width, 0),
      isExact: true,
      fillsMissing: true,
      emit: (x, emission) => ({
        blocks: encodings
          .map((encoding, i) => encoding.emit(selected(x, [i], emission.g).blocks[0]!, emission))
          .filter(({ width }) => width > 0),
      }),
      evaluate: (x) => ({
        rows: x.rows,
        columns: encodings.flatMap((encoding, i) => encoding.evaluate(x.columns[i]!)),
      }),
    },
  };
}

/** Item of a list or tuple attribute, null where the list is None. */
function itemOf(self: Fitted, attribute: string, position: number): PyValue {
  const list = self.get(attribute);
  if (list instanceof PyList || list instanceof PyTuple) return list.items[position] ?? null;
  return list instanceof NdArray ? (list.values()[position] ?? null) : null;
}

/** For every category its number after infrequent ones were put together; itself where they were not. */
function grouped(
  self: Fitted,
  column: number,
  count: number,
): { codes: number[]; width: number; infrequent: number | null } {
  const mapping = itemOf(self, "_default_to_infrequent_mappings", column);
  if (!(mapping instanceof NdArray))
    return { codes: Array.from({ length: count }, (_, k) => k), width: count, infrequent: null };
  const codes = mapping.integers();
  const width = Math.max(...codes) + 1;
  // What is infrequent comes last.
  return { codes, width, infrequent: width - 1 };
}

export const oneHotEncoder: Estimator = {
  classes: encoderModules.map((module) => `${module}.OneHotEncoder`),
  read(self) {
    const handling = self.string("handle_unknown");
    const drops = self.has("_drop_idx_after_grouping") ? "_drop_idx_after_grouping" : "drop_idx_";
    const encodings = fittedCategories(self).map((categories, column): Encoding => {
      const { codes, width, infrequent } = grouped(self, column, categories.values.length);
      const drop = numberOf(itemOf(self, drops, column));
      const placed = codes.map((code) => (drop === undefined || code < drop ? code : code === drop ? -1 : code - 1));
      const hasOwn = infrequent !== null && (handling === "infrequent_if_exist" || handling === "warn");
      const other = hasOwn
        ? drop === undefined || infrequent < drop
          ? infrequent
          : infrequent === drop
            ? -1
            : infrequent - 1
        : -1;
      const outputs = width - (drop === undefined ? 0 : 1);
      return {
        categories,
        width: outputs,
        emit: (block, emission) => ({
          value: emitIndicators(emitCodes(block, categories, placed, other, emission), outputs, emission),
          width: outputs,
        }),
        evaluate: (column) => indicatorRows(codeRows(column, categories, placed, other), outputs),
      };
    });
    return columnwise(encodings, handling !== "error");
  },
};

/** One number per code; codes count from 0, what is unknown comes last. */
function looked(
  categories: Categories,
  codes: readonly number[],
  numbers: readonly number[],
  unknown: number,
): Encoding {
  const all = [...numbers, unknown];
  return {
    categories,
    width: 1,
    emit: (block, emission) => ({
      value: emitLookup(emitCodes(block, categories, codes, numbers.length, emission), all, emission),
      width: 1,
    }),
    evaluate: (column) => [
      Float64Array.from(codeRows(column, categories, codes, numbers.length), (code) => all[code]!),
    ],
  };
}

export const ordinalEncoder: Estimator = {
  classes: encoderModules.map((module) => `${module}.OrdinalEncoder`),
  read(self) {
    const takesUnknown = self.optionalString("handle_unknown") === "use_encoded_value";
    const unknown = takesUnknown ? (numberOf(self.get("unknown_value")) ?? Number.NaN) : Number.NaN;
    const missing = numberOf(self.get("encoded_missing_value")) ?? Number.NaN;
    const encodings = fittedCategories(self).map((categories, column) => {
      const count = categories.values.length;
      const groups = grouped(self, column, count);
      // None is no missing value to this encoder, NaN is.
      const numbers = groups.codes.map((code, position) =>
        categories.values[position] === null && position !== categories.none ? missing : code,
      );
      return looked(
        categories,
        Array.from({ length: count }, (_, k) => k),
        numbers,
        unknown,
      );
    });
    const step = columnwise(encodings, takesUnknown);
    const fills = !encodings.some(({ categories }) => categories.values.includes(null)) || !Number.isNaN(missing);
    return { ...step, transform: { ...step.transform!, fillsMissing: fills } };
  },
};

export const targetEncoder: Estimator = {
  classes: ["sklearn.preprocessing._target_encoder.TargetEncoder"],
  read(self) {
    const encodings = self.items("encodings_").map((item, i) => {
      if (!(item instanceof NdArray)) throw self.invalid(`has \`encodings_[${i}]\` that is no array`);
      return Array.from(item.floats());
    });
    const all = fittedCategories(self);
    const means = meansOf(self);
    const perColumn = encodings.length / all.length;
    const parts = all.map((categories, column): Encoding => {
      const codes = Array.from({ length: categories.values.length }, (_, k) => k);
      const own = Array.from({ length: perColumn }, (_, k) =>
        looked(categories, codes, encodings[column * perColumn + k]!, means[k % means.length]!),
      );
      return {
        categories,
        width: perColumn,
        emit(block, emission) {
          const values = own.map((encoding) => encoding.emit(block, emission).value);
          return {
            value: values.length === 1 ? values[0]! : emission.g.op("Concat", values, { axis: 1 }),
            width: perColumn,
          };
        },
        evaluate: (column) => own.flatMap((encoding) => encoding.evaluate(column)),
      };
    });
    return columnwise(parts, true);
  },
};

function meansOf(self: Fitted): number[] {
  const single = numberOf(self.get("target_mean_"));
  return single === undefined ? Array.from(self.floats("target_mean_")) : [single];
}

const labelModules = ["sklearn.preprocessing._label", "sklearn.preprocessing.label"];

function classCategories(self: Fitted): Categories {
  const [classes] = readTargets(self);
  const values = classes!.map((value) => (typeof value === "boolean" ? Number(value) : value));
  return {
    type: values.every((value) => typeof value === "string") ? "text" : "number",
    values,
    shown: classes!,
    none: -1,
  };
}

export const labelEncoder: Estimator = {
  classes: labelModules.map((module) => `${module}.LabelEncoder`),
  read(self) {
    const categories = classCategories(self);
    const codes = categories.values.map((_, k) => k);
    return columnwise([looked(categories, codes, codes, Number.NaN)], false);
  },
};

export const labelBinarizer: Estimator = {
  classes: labelModules.map((module) => `${module}.LabelBinarizer`),
  read(self) {
    const categories = classCategories(self);
    const [low, high] = [self.number("neg_label"), self.number("pos_label")];
    const count = categories.values.length;
    const codes = categories.values.map((_, k) => k);
    // Two classes make one column, which tells of the second.
    const shown = count === 2 ? [1] : codes;
    const columns = shown.map((one) =>
      looked(
        categories,
        codes,
        codes.map((code) => (code === one ? high : low)),
        low,
      ),
    );
    const encoding: Encoding = {
      categories,
      width: shown.length,
      emit(block, emission) {
        const values = columns.map((column) => column.emit(block, emission).value);
        return {
          value: values.length === 1 ? values[0]! : emission.g.op("Concat", values, { axis: 1 }),
          width: shown.length,
        };
      },
      evaluate: (column) => columns.flatMap((one) => one.evaluate(column)),
    };
    return columnwise([encoding], false);
  },
};
