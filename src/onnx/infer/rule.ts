// What an inference rule sees and says.
import type { DType } from "../../core/index.ts";
import type { Attribute, Dimension, Graph, Node } from "../model.ts";
import { tensorOf } from "../stored_tensor.ts";
import type { Tensor } from "../tensor.ts";

/** What is known of a value before anything runs. */
export interface Fact {
  readonly dtype: DType | null;
  readonly shape: readonly Dimension[] | null;
  /** Elements, where they are known and few: shapes, axes, repeats. */
  readonly constant?: Tensor | undefined;
}

/** One node to infer. */
export interface Call {
  readonly opType: string;
  /** Facts of the inputs; null where an optional one is left out or nothing is known. */
  readonly inputs: readonly (Fact | null)[];
  readonly outputs: number;
  readonly attributes: Attributes;
  /** Version of the node's domain that the model imports. */
  readonly opset: number;
}

/** Facts of the outputs in order; fewer than the node has means nothing is known of the rest. */
export type Rule = (call: Call) => readonly Fact[];

export const unknown: Fact = { dtype: null, shape: null };

/** The attributes of one node, by name and kind. */
export class Attributes {
  readonly #byName: Map<string, Attribute>;

  constructor(node: Pick<Node, "attributes">) {
    this.#byName = new Map(node.attributes.map((attribute) => [attribute.name, attribute]));
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  int<D extends number | null>(name: string, fallback: D): number | D {
    const found = this.#byName.get(name);
    return found?.kind === "int" ? Number(found.value) : fallback;
  }

  ints(name: string): number[] | null {
    const found = this.#byName.get(name);
    return found?.kind === "ints" ? Array.from(found.value, Number) : null;
  }

  text(name: string, fallback: string): string {
    const found = this.#byName.get(name);
    return found?.kind === "string" ? new TextDecoder().decode(found.value) : fallback;
  }

  tensor(name: string): Tensor | null {
    const found = this.#byName.get(name);
    return found?.kind === "tensor" && found.value.content.kind !== "external" ? tensorOf(found.value) : null;
  }

  graph(name: string): Graph | null {
    const found = this.#byName.get(name);
    return found?.kind === "graph" ? found.value : null;
  }
}
