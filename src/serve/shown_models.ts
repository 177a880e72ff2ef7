// Models that somebody may know of: all that are served, or those that a token reaches. To everybody else a model does not exist.
import { IngotError, nearest, quoted } from "../core/index.ts";
import type { ServedModel } from "./served_model.ts";

export class ShownModels {
  /** The variants of one name stand together, the one that is shown first. */
  readonly models: readonly ServedModel[];

  constructor(models: readonly ServedModel[]) {
    this.models = models;
  }

  /** What answers where no model is named. @throws IngotError MODEL_UNKNOWN where there is none */
  get first(): ServedModel {
    const [first] = this.models;
    if (first) return first;
    throw new IngotError("MODEL_UNKNOWN", { what: "there is no model" });
  }

  /** Those that a token reaches. */
  reached(names: ReadonlySet<string>): ShownModels {
    return new ShownModels(this.models.filter(({ name }) => names.has(name)));
  }

  /** @param version empty = any */
  has(name: string, version = ""): boolean {
    return this.models.some((model) => model.name === name && (version === "" || model.version === version));
  }

  /**
   * A model by its names; it is not acquired.
   * @param version empty = the server's choice, which is the first of that name
   * @throws IngotError MODEL_UNKNOWN
   */
  find(name: string, version = ""): ServedModel {
    const versions = this.models.filter((model) => model.name === name);
    const model = version === "" ? versions[0] : versions.find((candidate) => candidate.version === version);
    if (model) return model;
    if (versions.length > 0)
      throw new IngotError("MODEL_UNKNOWN", {
        what: `model ${quoted(name)} has no version ${quoted(version)}`,
        fix: `served: ${versions.map((candidate) => candidate.version).join(", ")}`,
      });
    const names = [...new Set(this.models.map((candidate) => candidate.name))];
    const meant = nearest(name, names);
    throw new IngotError("MODEL_UNKNOWN", {
      what: `no model is called ${quoted(name)}`,
      fix: meant ? `did you mean ${quoted(meant)}?` : `served: ${names.join(", ")}`,
    });
  }

  /**
   * A variant by its name; it is not acquired.
   * @throws IngotError MODEL_UNKNOWN
   */
  findVariant(name: string, variant: string): ServedModel {
    this.find(name);
    const models = this.models.filter((model) => model.name === name);
    const model = models.find((candidate) => candidate.variant === variant);
    if (model) return model;
    const variants = [...new Set(models.map((candidate) => candidate.variant))];
    const meant = nearest(variant, variants);
    throw new IngotError("MODEL_UNKNOWN", {
      what: `model ${quoted(name)} has no variant ${quoted(variant)}`,
      fix: meant ? `did you mean ${quoted(meant)}?` : `variants: ${variants.join(", ")}`,
    });
  }
}
