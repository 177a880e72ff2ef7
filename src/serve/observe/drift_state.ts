// What drift counted, as plain data that adds up over processes, and the numbers that follow from it.
import type { Gauge } from "./prometheus.ts";

export type DriftKind = "seen" | "missing" | "unseen" | "outside";

/** Fewer values say nothing about how an input is spread. */
export const fewestValues = 50;

/** One input of one variant. */
export interface DriftState {
  readonly labels: Readonly<Record<"model" | "version" | "variant" | "package" | "input", string>>;
  readonly counts: Readonly<Record<DriftKind, number>>;
  /** Share of the examples in every place (a tenth, a category, missing); empty where they are too few. */
  readonly expected: ReadonlyMap<string, number>;
  /** Requests in every place; what was long ago fades. */
  readonly current: ReadonlyMap<string, number>;
  /** False once the process that counted has ended. */
  readonly isServed: boolean;
}

/** The sum over processes. */
export function mergeDrift(states: readonly DriftState[]): DriftState[] {
  const merged = new Map<string, DriftState>();
  for (const state of states) {
    const key = Object.values(state.labels).join("\0");
    const known = merged.get(key);
    merged.set(key, known ? sumOf(known, state) : state);
  }
  return [...merged.values()];
}

function sumOf(a: DriftState, b: DriftState): DriftState {
  const current = new Map(a.current);
  for (const [place, count] of b.current) current.set(place, (current.get(place) ?? 0) + count);
  const counts = { ...a.counts };
  for (const [kind, count] of Object.entries(b.counts)) counts[kind as DriftKind] += count;
  return { ...a, counts, current, isServed: a.isServed || b.isServed };
}

/** For those who look at all processes together. */
export function driftGauges(states: readonly DriftState[]): Gauge[] {
  return [
    {
      name: "ingot_input_values_total",
      help: "Values of inputs in sampled requests: seen as expected, missing, unseen category, outside its bounds",
      kind: "counter",
      rows: states.flatMap(({ labels, counts }) =>
        Object.entries(counts).map(([kind, value]) => ({ labels: { ...labels, kind }, value })),
      ),
    },
    {
      name: "ingot_input_stability_index",
      help: "Population stability index of an input against the package's examples; above 0.25 it has moved",
      kind: "gauge",
      rows: states.flatMap((state) => {
        const value = state.isServed ? stabilityIndex(state) : Number.NaN;
        return Number.isNaN(value) ? [] : [{ labels: state.labels, value }];
      }),
    },
  ];
}

/**
 * Population stability index of the requests against the examples, missing values as a place of their own; NaN while it says nothing.
 * Rule: Siddiqi, Credit Risk Scorecards (2006): sum of (p - q) ln(p / q); below 0.1 little, above 0.25 much. Half a record is added to
 * every place, since an empty one would make it infinite.
 */
function stabilityIndex({ expected, current }: DriftState): number {
  const total = [...current.values()].reduce((sum, count) => sum + count, 0);
  if (expected.size === 0 || total < fewestValues) return Number.NaN;
  const places = new Set([...expected.keys(), ...current.keys()]);
  const share = (count: number) => (count + 0.5) / (total + 0.5 * places.size);
  let sum = 0;
  for (const place of places) {
    const p = share(current.get(place) ?? 0);
    const q = share((expected.get(place) ?? 0) * total);
    sum += (p - q) * Math.log(p / q);
  }
  return sum;
}
