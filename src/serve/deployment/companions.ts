// What stands around the predictions of one model: assignment by a field, the fallback, shadows, and those who note what was answered.
import { IngotError } from "../../core/index.ts";
import type { Around, Question } from "../around.ts";
import { type Call, callWithoutClient } from "../call.ts";
import type { Traffic } from "../observe/traffic.ts";
import type { ServedModel } from "../served_model.ts";
import { Comparison } from "./comparison.ts";
import type { Pool } from "./pool.ts";
import { answerRecords, fieldText, questionRecords } from "./question.ts";

/** One prediction that was answered. Records are made when somebody asks for them. */
export interface Answered {
  readonly model: ServedModel;
  readonly call: Call;
  /** The variant that was to answer; another where a fallback did. */
  readonly assigned: string;
  /** What the request was assigned by; null for chance. */
  readonly key: string | null;
  readonly question: Question;
  /** Tensors or records, in the form of the question. */
  readonly answer: unknown;
}

/** Must return at once and never throw: it is called before the answer is sent. */
export type Note = (answered: Answered) => void;

export class Companions {
  readonly comparisons = new Map<string, Comparison>();
  private readonly pool: Pool;
  private readonly traffic: Traffic;
  private readonly notes: readonly Note[];
  private readonly failed: (model: ServedModel) => void;
  private readonly busy = new Set<string>();
  private readonly shadows: readonly { readonly name: string; readonly share: number }[];

  /** @param failed told of a variant whose failure a fallback made good */
  constructor(pool: Pool, traffic: Traffic, notes: readonly Note[], failed: (model: ServedModel) => void) {
    this.failed = failed;
    this.pool = pool;
    this.traffic = traffic;
    this.notes = notes;
    this.shadows = pool.plan.variants.flatMap(({ name, shadow }) => (shadow ? [{ name, share: shadow }] : []));
    for (const { name } of this.shadows) this.comparisons.set(name, new Comparison());
  }

  /** Null when there is nothing to do: then nothing stands between a request and its model. */
  get around(): Around | null {
    const { sticky, fallback } = this.pool.plan;
    const isNeeded = sticky?.by === "field" || fallback !== null || this.shadows.length > 0 || this.notes.length > 0;
    return isNeeded ? (chosen, question, call, answer) => this.surround(chosen, question, call, answer) : null;
  }

  private async surround<T>(
    chosen: ServedModel,
    question: Question,
    call: Call,
    answer: (model: ServedModel) => Promise<T>,
  ): Promise<T> {
    // Nobody waits for a shadow: it is not assigned, not logged, not mirrored, and its failures are its own.
    if (mirrored.has(call)) return answer(chosen);
    const assigned = this.assigned(chosen, question, call);
    let model = assigned;
    let given: T;
    try {
      given = await answering(assigned, chosen, call, answer);
    } catch (error) {
      const fallback = this.fallbackFor(assigned, error);
      if (!fallback) throw error;
      this.traffic.of(assigned).event("fallback");
      this.failed(assigned);
      model = fallback;
      given = await answering(fallback, chosen, call, answer);
    }
    for (const note of this.notes)
      note({ model, assigned: assigned.variant, call, key: this.pool.keyOf(call), question, answer: given });
    for (const { name, share } of this.shadows)
      if (model.variant !== name && (share === 1 || Math.random() < share))
        this.mirror(name, model, question, call, given);
    return given;
  }

  private assigned(chosen: ServedModel, question: Question, call: Call): ServedModel {
    const { sticky } = this.pool.plan;
    if (sticky?.by !== "field") return chosen;
    return this.pool.byField(call, fieldText(chosen.schema, question, sticky.name), chosen);
  }

  private fallbackFor(failed: ServedModel, error: unknown): ServedModel | null {
    const { fallback } = this.pool.plan;
    // What the caller did wrong, overload and lateness would only fail again.
    const isInside = !(error instanceof IngotError) || error.httpStatus === 500;
    if (fallback === null || fallback === failed.variant || !isInside) return null;
    return this.pool.members.get(fallback) ?? null;
  }

  /** Asks a shadow once the answer is on its way. One question at a time: what comes meanwhile is not mirrored. */
  private mirror(name: string, model: ServedModel, question: Question, call: Call, given: unknown): void {
    const comparison = this.comparisons.get(name)!;
    const shadow = this.pool.members.get(name)!;
    if (this.busy.has(name)) {
      comparison.skipped++;
      return;
    }
    this.busy.add(name);
    shadow.acquire();
    const { id } = call;
    setImmediate(async () => {
      try {
        const records = questionRecords(model.schema, question);
        const asking = callWithoutClient();
        mirrored.add(asking);
        const answers = await shadow.predict(records.map(withoutNaN), asking);
        const isSame = comparison.add(answerRecords(model.schema, question, given), answers, id, Date.now());
        this.traffic.of(shadow).event(isSame ? "shadow_same" : "shadow_different");
      } catch {
        // The caller has its answer; that the shadow has none is what there is to know.
        comparison.failed++;
        this.traffic.of(shadow).event("shadow_failed");
      } finally {
        shadow.release();
        this.busy.delete(name);
      }
    });
  }
}

/** Calls of shadows, whatever plan's companions stand around the model by then. */
const mirrored = new WeakSet<Call>();

/** Lets a model answer; another than the chosen one is held meanwhile and named in the answer. */
async function answering<T>(
  model: ServedModel,
  chosen: ServedModel,
  call: Call,
  answer: (model: ServedModel) => Promise<T>,
): Promise<T> {
  call.answeredBy = model === chosen ? null : model;
  if (model === chosen) return answer(model);
  model.acquire();
  try {
    return await answer(model);
  } finally {
    model.release();
  }
}

/** Tensors say that a number is missing by NaN, records by null. */
function withoutNaN(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, Number.isNaN(value) ? null : value]));
}
