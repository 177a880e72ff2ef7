// The variants of one model, and which of them answers whom.
import { IngotError, nearest, quoted } from "../../core/index.ts";
import type { Asker, Call } from "../call.ts";
import type { ServedModel } from "../served_model.ts";
import { Assignment } from "./assignment.ts";
import type { ModelPlan } from "./deployment_file.ts";

/** Headers that pin a request to a variant: ours, and SageMaker's. */
const pinHeaders = ["ingot-variant", "x-amzn-sagemaker-target-variant"] as const;

export class Pool {
  readonly plan: ModelPlan;
  /** In the order of the deployment, shadows included. */
  readonly members: ReadonlyMap<string, ServedModel>;
  /** What keeps a request where it is: the key it was assigned by, where there is one. Gone with the request. */
  private readonly keys = new WeakMap<Call, string>();
  private readonly assignment: Assignment;
  private readonly only: ServedModel | null;

  constructor(plan: ModelPlan, members: ReadonlyMap<string, ServedModel>) {
    this.plan = plan;
    this.members = members;
    this.assignment = new Assignment(plan.name, plan.variants);
    const answering = plan.variants.filter(({ weight }) => weight > 0);
    this.only = answering.length === 1 ? members.get(answering[0]!.name)! : null;
  }

  /** The one that is shown where a model is described: of the largest weight. */
  get first(): ServedModel {
    const [heaviest] = [...this.plan.variants].sort((a, b) => b.weight - a.weight);
    return this.members.get(heaviest!.name)!;
  }

  /** @throws IngotError MODEL_UNKNOWN for a pinned variant that is not there */
  choose(asker: Asker): ServedModel {
    for (const header of pinHeaders) {
      const variant = asker.header(header);
      if (variant === undefined) continue;
      const model = this.members.get(variant);
      if (!model) throw this.unknown(variant, header);
      asker.call.isPinned = true;
      return model;
    }
    const key = this.stickyKey(asker);
    if (key !== null) this.keys.set(asker.call, key);
    if (this.only) return this.only;
    return this.members.get(key === null ? this.assignment.byChance() : this.assignment.of(key))!;
  }

  /** Who answers a request that is assigned by a field of its record; it stays where it was pinned. */
  byField(call: Call, key: string | null, chosen: ServedModel): ServedModel {
    if (key === null) return chosen;
    this.keys.set(call, key);
    if (call.isPinned) return chosen;
    return this.members.get(this.assignment.of(key))!;
  }

  /** What a request was assigned by; null for chance. */
  keyOf(call: Call): string | null {
    return this.keys.get(call) ?? null;
  }

  private stickyKey(asker: Asker): string | null {
    const { sticky } = this.plan;
    if (sticky?.by === "header") return asker.header(sticky.name.toLowerCase()) || null;
    if (sticky?.by === "cookie") return cookie(asker.header("cookie") ?? "", sticky.name);
    return null;
  }

  private unknown(variant: string, header: string): IngotError {
    const names = [...this.members.keys()];
    const meant = nearest(variant, names);
    return new IngotError("MODEL_UNKNOWN", {
      what: `model ${quoted(this.plan.name)} has no variant ${quoted(variant)}`,
      where: `header ${header}`,
      fix: meant ? `did you mean ${quoted(meant)}?` : `variants: ${names.join(", ")}`,
    });
  }
}

/** Rule: RFC 6265, 4.2.1: pairs joined by `; `. */
function cookie(header: string, name: string): string | null {
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim() || null;
  }
  return null;
}
