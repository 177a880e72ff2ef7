// Whether requests still look like the examples that came with the package: counted by input, a few records a second.
import type { InputSpec, Schema } from "../../core/index.ts";
import type { InputRecord } from "../../runtime/index.ts";
import type { Answered, Note } from "../deployment/companions.ts";
import { questionRecords } from "../deployment/question.ts";
import type { ServedModel } from "../served_model.ts";
import { type DriftKind, type DriftState, fewestValues } from "./drift_state.ts";

const bins = 10;
/** Records between two looks at one model: enough for a picture, too few to cost anything. */
const everyMs = 10;
/** Counts are halved when they reach this: what was long ago fades. */
const memory = 10_000;

/** How one input was spread among the examples, and how it is now. */
class InputDrift {
  readonly counts: Record<DriftKind, number> = { seen: 0, missing: 0, unseen: 0, outside: 0 };
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
      spec.type !== "string" && this.categories === null && numbers.length >= fewestValues ? tenths(numbers) : null;
    if (examples.length >= fewestValues)
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

  state(labels: DriftState["labels"]): DriftState {
    return {
      labels,
      counts: { ...this.counts },
      expected: this.expected,
      current: new Map(this.current),
      isServed: true,
    };
  }

  private kindOf(value: unknown): DriftKind {
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

  state(): DriftState[] {
    return [...this.models.values()].flatMap(({ model, inputs }) =>
      [...inputs].map(([input, drift]) =>
        drift.state({
          model: model.name,
          version: model.version,
          variant: model.variant,
          package: model.digest,
          input,
        }),
      ),
    );
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
