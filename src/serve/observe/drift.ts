// Whether requests still look like the examples that came with the package: counted by input, a few records a second.
import type { InputSpec, Schema } from "../../core/index.ts";
import type { InputRecord } from "../../runtime/index.ts";
import type { Answered, Note } from "../deployment/companions.ts";
import { questionRecords } from "../deployment/question.ts";
import type { ServedModel } from "../served_model.ts";
import type { Gauge } from "./prometheus.ts";

/** Fewer examples say nothing about how an input is spread. */
const fewestExamples = 50;
const bins = 10;
/** Records between two looks at one model: enough for a picture, too few to cost anything. */
const everyMs = 10;
/** Counts are halved when they reach this: what was long ago fades. */
const memory = 10_000;

type Kind = "seen" | "missing" | "unseen" | "outside";

/** How one input was spread among the examples, and how it is now. */
class InputDrift {
  readonly counts: Record<Kind, number> = { seen: 0, missing: 0, unseen: 0, outside: 0 };
  private readonly spec: InputSpec;
  /** Upper edges of the examples' tenths; null where examples are too few. */
  private readonly edges: readonly number[] | null;
  private readonly categories: ReadonlySet<unknown> | null;
  private readonly expected = new Map<string, number>();
  private readonly current = new Map<string, number>();
  private total = 0;

  constructor(spec: InputSpec, examples: readonly unknown[]) {
    this.spec = spec;
    this.categories = spec.categories ? new Set<unknown>(spec.categories) : null;
    const numbers = examples.flatMap((value) => (typeof value === "number" && !Number.isNaN(value) ? [value] : []));
    this.edges =
      spec.type !== "string" && this.categories === null && numbers.length >= fewestExamples ? tenths(numbers) : null;
    if (examples.length >= fewestExamples)
      for (const value of examples) bump(this.expected, this.place(value), 1 / examples.length);
  }

  add(value: unknown): void {
    this.counts[this.kindOf(value)]++;
    if (this.expected.size === 0) return;
    bump(this.current, this.place(value), 1);
    if (++this.total < memory) return;
    for (const [key, count] of this.current) this.current.set(key, count / 2);
    this.total /= 2;
  }

  /**
   * Population stability index of the requests against the examples, missing values as a place of their own; NaN while it says nothing.
   * Rule: Siddiqi, Credit Risk Scorecards (2006): sum of (p - q) ln(p / q); below 0.1 little, above 0.25 much. Half a record is added to
   * every place, since an empty one would make it infinite.
   */
  get index(): number {
    if (this.expected.size === 0 || this.total < fewestExamples) return Number.NaN;
    const places = new Set([...this.expected.keys(), ...this.current.keys()]);
    const share = (count: number, of: number) => (count + 0.5) / (of + 0.5 * places.size);
    let sum = 0;
    for (const place of places) {
      const p = share(this.current.get(place) ?? 0, this.total);
      const q = share((this.expected.get(place) ?? 0) * this.total, this.total);
      sum += (p - q) * Math.log(p / q);
    }
    return sum;
  }

  private kindOf(value: unknown): Kind {
    if (isMissing(value)) return "missing";
    if (this.categories !== null) return this.categories.has(value) ? "seen" : "unseen";
    const { min, max } = this.spec;
    if (typeof value === "number" && ((min !== undefined && value < min) || (max !== undefined && value > max)))
      return "outside";
    return "seen";
  }

  private place(value: unknown): string {
    if (isMissing(value)) return "missing";
    if (this.edges !== null) {
      const at = this.edges.findIndex((edge) => Number(value) <= edge);
      return String(at === -1 ? this.edges.length : at);
    }
    if (this.categories !== null) return this.categories.has(value) ? `=${String(value)}` : "unseen";
    return typeof value === "boolean" ? `=${value}` : "other";
  }
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "number" && Number.isNaN(value));
}

/** Edges between tenths; equal ones are one. */
function tenths(numbers: readonly number[]): number[] {
  const sorted = [...numbers].sort((a, b) => a - b);
  const edges = Array.from({ length: bins - 1 }, (_, i) => sorted[Math.ceil(((i + 1) / bins) * sorted.length) - 1]!);
  return [...new Set(edges)];
}

/** All inputs of all models that serve. */
export class Drift {
  private readonly models = new Map<
    string,
    { readonly model: ServedModel; readonly inputs: ReadonlyMap<string, InputDrift>; last: number }
  >();
  private readonly now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }

  /** Called once for a model. @param examples records it was packed with; may be empty */
  expect(model: ServedModel, examples: readonly InputRecord[]): void {
    const inputs = new Map(
      scalars(model.schema).map((spec) => [
        spec.name,
        new InputDrift(
          spec,
          examples.map((record) => record[spec.name]),
        ),
      ]),
    );
    this.models.set(keyOf(model), { model, inputs, last: Number.NEGATIVE_INFINITY });
  }

  /** A model that serves no more. */
  forget(model: ServedModel): void {
    this.models.delete(keyOf(model));
  }

  readonly note: Note = ({ model, question }: Answered) => {
    const entry = this.models.get(keyOf(model));
    const now = this.now();
    if (!entry || now - entry.last < everyMs) return;
    entry.last = now;
    const [record] = questionRecords(model.schema, question, 1);
    if (record) for (const [name, input] of entry.inputs) input.add(record[name]);
  };

  gauges(): Gauge[] {
    const rows = [...this.models.values()].flatMap(({ model, inputs }) =>
      [...inputs].map(([input, drift]) => ({
        labels: { model: model.name, version: model.version, variant: model.variant, package: model.digest, input },
        drift,
      })),
    );
    return [
      {
        name: "ingot_input_values_total",
        help: "Values of inputs in sampled requests: seen as expected, missing, unseen category, outside its bounds",
        kind: "counter",
        rows: rows.flatMap(({ labels, drift }) =>
          Object.entries(drift.counts).map(([kind, value]) => ({ labels: { ...labels, kind }, value })),
        ),
      },
      {
        name: "ingot_input_stability_index",
        help: "Population stability index of an input against the package's examples; above 0.25 it has moved",
        kind: "gauge",
        rows: rows.flatMap(({ labels, drift }) => (Number.isNaN(drift.index) ? [] : [{ labels, value: drift.index }])),
      },
    ];
  }
}

function scalars({ inputs }: Schema): readonly InputSpec[] {
  return inputs.filter(({ shape }) => shape.length === 0);
}

function keyOf({ name, variant, digest }: Pick<ServedModel, "name" | "variant" | "digest">): string {
  return `${name}\0${variant}\0${digest}`;
}

function bump(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
