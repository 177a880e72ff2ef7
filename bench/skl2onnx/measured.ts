// What converters are compared by: results per object, and their summary.
import { duration } from "../measure.ts";

export interface Result {
  readonly case: string;
  readonly family: string;
  readonly problem?: string;
  readonly seconds?: number;
  readonly bytes?: number;
  readonly wrong?: number;
  /** Largest difference, relative to the larger of 1 and the library's value. */
  readonly error?: number;
}

export const head = [
  "",
  "objects",
  "converted",
  "with wrong labels",
  "wrong labels",
  "error above 1e-6",
  "largest error",
  "median time",
  "median size",
];

export function summary(results: readonly Result[]): (string | number)[] {
  const converted = results.filter((one) => one.seconds !== undefined);
  const middle = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  const largest = Math.max(0, ...converted.map((one) => one.error!));
  return [
    results.length,
    converted.length,
    converted.filter((one) => one.wrong! > 0).length,
    converted.reduce((sum, one) => sum + one.wrong!, 0),
    converted.filter((one) => one.error! > 1e-6).length,
    largest > 1e300 ? "not finite" : largest.toExponential(1),
    duration(middle(converted.map((one) => one.seconds! * 1000))),
    `${(middle(converted.map((one) => one.bytes!)) / 1000).toFixed(1)} kB`,
  ];
}

/** Converted without a complaint, and wrong. */
export function silentlyWrong(results: readonly Result[]): string {
  const found = results.filter((one) => (one.wrong ?? 0) > 0 || (one.error ?? 0) > 1e-3);
  const told = ({ case: name, wrong = 0, error = 0 }: Result) => {
    const off = error > 1e300 ? "not finite" : error.toPrecision(1);
    return `${name} (${[wrong > 0 ? `${wrong} labels` : "", error > 1e-3 ? `off by ${off}` : ""].filter(Boolean).join(", ")})`;
  };
  return found.length === 0 ? "none" : found.map(told).join(", ");
}

export function distance(got: number, want: number): number {
  if (got === want || (Number.isNaN(got) && Number.isNaN(want))) return 0;
  const difference = Math.abs(got - want) / Math.max(1, Math.abs(want));
  return Number.isNaN(difference) ? 1e308 : difference;
}
