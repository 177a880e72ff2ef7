// Real files of many libraries and releases: the fixtures, as files of their own.
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { modelOf, sklearnCases } from "../../test/convert/sklearn/fixture.ts";

const fixtures = path.join(import.meta.dirname, "../../fixtures");

/** Folders of files that libraries wrote, and how many of each stand for the rest. */
const folders: readonly (readonly [folder: string, ending: RegExp, most: number])[] = [
  ["skops", /\.(skops|pkl\.gz)$/, 12],
  ["joblib", /\.joblib$/, 12],
  ["numpy", /\.np[yz]$/, 17],
  ["pickle", /\.pkl$/, 24],
  ["pytorch", /\.(pt|pth|ptl|pt2)$/, 12],
  ["keras", /^(digits|shop).*\.(keras|h5)$/, 4],
  ["onnx", /\.onnx$/, 8],
  ["xgboost", /\.model\.(json|ubj)\.gz$/, 20],
  ["lightgbm", /\.txt\.gz$/, 20],
  ["catboost", /\.(cbm|json)\.gz$/, 12],
  ["tensorflow", /\.(pb|tflite)$/, 3],
  ["safetensors", /\.safetensors$/, 2],
  ["gguf", /\.gguf$/, 4],
];

/** Boosters under the names of scikit-learn, as pickles inside of the cases. */
function boosters(): [name: string, bytes: Uint8Array][] {
  const folder = path.join(fixtures, "sklearn_boosters");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json.gz"))
    .flatMap((name) => {
      const cases = JSON.parse(gunzipSync(readFileSync(path.join(folder, name))).toString()) as { model: string }[];
      return spread(cases, 3).map((one, i): [string, Uint8Array] => [
        `${name.replace(".json.gz", "")}-${i}.pkl`,
        Buffer.from(one.model, "base64"),
      ]);
    });
}

/** Fitted estimators of ten releases of scikit-learn. */
function estimators(): [name: string, bytes: Uint8Array][] {
  const cases = [...sklearnCases().values()].flat();
  return spread(cases, 120).map((one) => [`sklearn-${one.model}`, modelOf(one)]);
}

/** Writes them all into one folder, under names that tell the library; their number. A package that runs Python is not honest enough. */
export function writeHonestFiles(target: string): number {
  let count = 0;
  const write = (name: string, bytes: Uint8Array) => {
    writeFileSync(path.join(target, name), bytes);
    count++;
  };
  for (const [folder, ending, most] of folders) {
    const names = readdirSync(path.join(fixtures, folder)).filter(
      (name) => ending.test(name) && !/^package/.test(name),
    );
    for (const name of spread(names.sort(), most)) {
      const bytes = readFileSync(path.join(fixtures, folder, name));
      const [library] = folder.split("/") as [string];
      if (name.endsWith(".gz")) write(`${library}-${name.slice(0, -3)}`, gunzipSync(bytes));
      else write(`${library}-${name}`, bytes);
    }
  }
  for (const [name, bytes] of [...estimators(), ...boosters()]) write(name, bytes);
  // What files of the old joblib and of ONNX keep beside them.
  for (const name of readdirSync(path.join(fixtures, "joblib")).filter((one) => /\.npy(\.z)?$/.test(one)))
    copyFileSync(path.join(fixtures, "joblib", name), path.join(target, name));
  copyFileSync(path.join(fixtures, "onnx", "external.data"), path.join(target, "external.data"));
  return count;
}

/** At most `most`, from first to last. */
export function spread<T>(items: readonly T[], most: number): T[] {
  const step = Math.max(1, items.length / most);
  return Array.from({ length: Math.min(most, items.length) }, (_, i) => items[Math.floor(i * step)]!);
}
