// FunctionTransformer: functions by name, since their code is not in the file.
// Rule: sklearn/preprocessing/_function_transformer.py, FunctionTransformer.transform: func(X), X itself without a function.
import { type Fitted, numberOf, PyDict, PyGlobal } from "../../formats/index.ts";
import { widthOf } from "./columns.ts";
import { denseRows, emitDense, mapped, oneBlock, tableOf } from "./dense.ts";
import type { Estimator, Transform } from "./estimator.ts";
import { suggestedFunctions, type Ufunc, ufuncOf } from "./ufuncs.ts";

/** The function in an attribute: null where there is none (identity), undefined where it is not known. */
function functionOf(self: Fitted, name: string, inArguments: string): Ufunc | null | undefined {
  const value = self.get(name);
  if (value === null || value === undefined) return null;
  const given = argumentsOf(self, inArguments);
  return value instanceof PyGlobal && given ? (ufuncOf(value.module, value.name, given) ?? undefined) : undefined;
}

function refused(self: Fitted): Error {
  const value = self.get("func");
  const what = value instanceof PyGlobal ? value.path : "a function of its own";
  if (value instanceof PyGlobal && ufuncOf(value.module, value.name, {}))
    return self.unsupported(`calls ${what} with arguments (\`kw_args\`) that are not known`);
  return self.unsupported(
    `calls ${what}, whose code is not in the file`,
    `use a function of numpy (${suggestedFunctions.join(", ")} …), or declare the step under \`preprocess:\` instead`,
  );
}

/** Keyword arguments that are numbers or None; null where others are among them. */
function argumentsOf(self: Fitted, name: string): Record<string, number | null> | null {
  const given = self.get(name);
  if (!(given instanceof PyDict)) return {};
  const found: Record<string, number | null> = {};
  for (const [key, value] of given.entries) {
    const number = value === null ? null : typeof value === "boolean" ? Number(value) : numberOf(value);
    if (typeof key !== "string" || number === undefined) return null;
    found[key] = number;
  }
  return found;
}

function applied(ufunc: Ufunc | null): Pick<Transform, "isExact" | "emit" | "evaluate"> {
  if (!ufunc) return { isExact: true, emit: (x) => x, evaluate: (x) => x };
  return {
    emit: (x, { g }) => oneBlock(ufunc.emit(g, emitDense(g, x)), widthOf(x)),
    evaluate: (x) => tableOf(mapped(denseRows(x), ufunc.evaluate)),
  };
}

export const functionTransformer: Estimator = {
  classes: ["sklearn.preprocessing._function_transformer.FunctionTransformer"],
  read(self) {
    const func = functionOf(self, "func", "kw_args");
    if (func === undefined) throw refused(self);
    const inverse = functionOf(self, "inverse_func", "inv_kw_args");
    const count = self.optionalNumber("n_features_in_");
    // Without a function anything passes through, text too.
    const need = { type: func ? "number" : "any", missing: true } as const;
    return {
      columns: count === null ? null : Array.from({ length: count }, () => need),
      // Undone only where a target is transformed: an unknown inverse is no reason to refuse.
      transform: { ...applied(func), ...(inverse === undefined ? {} : { inverse: applied(inverse) }) },
    };
  },
};
