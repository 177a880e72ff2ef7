// The frame as one step sees it: columns by name, and refusals that point at the step's line in ingot.yaml.
import { IngotError, nearest, quoted } from "../core/index.ts";
import type { Column, Frame } from "./step.ts";

/** Where a declared step stands. */
export interface StepPlace {
  /** As in ingot.yaml. */
  readonly name: string;
  readonly place: "before" | "after";
  /** `ingot.yaml:12:3` of one of its options, or of the step itself. */
  where(option: readonly (string | number)[], offset?: number): string;
}

/** What steps may look at beside the columns. */
export interface ProjectContent {
  /** The steps' files, by the names that their options have. */
  readonly files?: ReadonlyMap<string, Uint8Array> | undefined;
  /** Inputs of the project's examples. */
  readonly examples?: readonly Readonly<Record<string, unknown>>[] | undefined;
}

export class StepFrame implements Frame {
  readonly columns: readonly Column[];
  readonly place: "before" | "after";
  readonly #byName: ReadonlyMap<string, Column>;
  readonly #step: StepPlace;

  readonly #project: ProjectContent;

  constructor(columns: ReadonlyMap<string, Column>, step: StepPlace, project: ProjectContent = {}) {
    this.#byName = columns;
    this.columns = [...columns.values()];
    this.place = step.place;
    this.#step = step;
    this.#project = project;
  }

  examples(input: string): readonly unknown[] {
    return (this.#project.examples ?? []).map((record) => (Object.hasOwn(record, input) ? record[input] : undefined));
  }

  file(name: string): Uint8Array {
    const bytes = this.#project.files?.get(name);
    if (bytes) return bytes;
    throw this.refuse(`the file ${quoted(name)} was not read`, { fix: "name it among the step's files" });
  }

  column(name: string): Column {
    const found = this.#byName.get(name);
    if (found) return found;
    const near = nearest(name, this.#byName.keys());
    throw this.refuse(`there is no column ${quoted(name)}${near === undefined ? "" : `, did you mean \`${near}\`?`}`, {
      fix: this.#known(),
    });
  }

  select(names: readonly string[]): readonly Column[] {
    const chosen = new Set<string>();
    for (const name of names) {
      if (!name.endsWith("*") || this.#byName.has(name)) {
        chosen.add(this.column(name).name);
        continue;
      }
      const start = name.slice(0, -1);
      const found = this.columns.filter((column) => column.name.startsWith(start));
      if (found.length === 0) throw this.refuse(`no column begins with ${quoted(start)}`, { fix: this.#known() });
      for (const column of found) chosen.add(column.name);
    }
    // Without a pattern the list's own order counts (`stack` lays columns out by it).
    return names.some((name) => name.endsWith("*"))
      ? this.columns.filter((column) => chosen.has(column.name))
      : [...chosen].map((name) => this.column(name));
  }

  refuse(
    what: string,
    options: { option?: string | readonly (string | number)[]; offset?: number; fix?: string } = {},
  ): Error {
    const { option = [], offset, fix } = options;
    const path = typeof option === "string" ? [option] : option;
    return new IngotError("PIPELINE_INVALID", {
      what: `\`${this.#step.name}\`: ${what}`,
      where: this.#step.where(path, offset),
      fix,
    });
  }

  #known(): string {
    const names = [...this.#byName.keys()];
    const shown = names.slice(0, 20).map((name) => `\`${name}\``);
    return `the columns here are ${shown.join(", ")}${names.length > 20 ? ` and ${names.length - 20} more` : ""}`;
  }
}
