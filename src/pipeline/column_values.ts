// The columns of the frame as values of the graph. A scalar column is wanted as `[N]` by most steps, as `[N, 1]` by models, and as one column
// of a matrix by steps that treat many alike: each form is made when it is first asked for, and kept.
import type { DType } from "../core/index.ts";
import { dataType, type GraphBuilder, int64, type Value } from "../onnx/index.ts";
import { sourceOf, type Version } from "./plan_pipeline.ts";

interface Forms {
  /** `[N, ...shape]`. */
  plain?: Value;
  /** `[N, 1]`, scalars only. */
  column?: Value;
  /** A matrix `[N, k]` and the place in it, scalars only. */
  packed?: { readonly pack: Pack; readonly at: number };
}

interface Pack {
  readonly value: Value;
  readonly width: number;
}

export class ColumnValues {
  readonly #g: GraphBuilder;
  /** By the version's number. */
  readonly #forms: (Forms | undefined)[] = [];
  readonly #packs = new Map<string, Value>();
  readonly #casts = new Map<string, Value>();

  constructor(g: GraphBuilder) {
    this.#g = g;
  }

  has(version: Version): boolean {
    return this.#forms[keyOf(version)] !== undefined;
  }

  set(version: Version, value: Value): void {
    this.#forms[keyOf(version)] = { plain: value };
  }

  setColumn(version: Version, value: Value): void {
    this.#forms[keyOf(version)] = { column: value };
  }

  setPacked(versions: readonly Version[], value: Value): void {
    const pack = { value, width: versions.length };
    versions.forEach((version, at) => {
      this.#forms[keyOf(version)] = { packed: { pack, at } };
    });
  }

  /** `[N, ...shape]`. */
  plain(version: Version): Value {
    const forms = this.#of(version);
    forms.plain ??= forms.column
      ? this.#g.op("Squeeze", [forms.column, this.#g.constant(int64([1]))], {}, { name: version.column.name })
      : this.#pick(forms.packed!, []);
    return forms.plain;
  }

  /** Scalar columns as `[N, 1]`, in another element type if one is given. */
  columns(versions: readonly Version[], dtype: DType): Value[] {
    // A matrix whose columns are nearly all wanted is split at once; the cast comes first.
    const wanted = new Map<Pack, number>();
    for (const version of versions) {
      const { packed } = this.#of(version);
      if (packed) wanted.set(packed.pack, (wanted.get(packed.pack) ?? 0) + 1);
    }
    const parts = new Map<Pack, Value[]>();
    for (const [pack, count] of wanted)
      if (count * 2 > pack.width) parts.set(pack, this.#split(this.#cast(pack.value, dtype), pack.width));
    return versions.map((version) => {
      const { packed } = this.#of(version);
      if (packed && parts.has(packed.pack)) return parts.get(packed.pack)![packed.at]!;
      return this.#cast(this.#column(version), dtype);
    });
  }

  /** Scalar columns of one element type as one matrix `[N, k]`. */
  pack(versions: readonly Version[]): Value {
    const whole = this.#wholeMatrix(versions);
    if (whole) return whole;
    const key = versions.map(keyOf).join();
    const known = this.#packs.get(key);
    if (known) return known;
    const parts: Value[] = [];
    for (let start = 0; start < versions.length; ) {
      const first = this.#of(versions[start]!).packed;
      let end = start + 1;
      while (first && end < versions.length && this.#of(versions[end]!).packed?.pack === first.pack) end++;
      parts.push(
        first
          ? this.#pick(first, versions.slice(start, end), this.#places(versions, start, end))
          : this.#column(versions[start]!),
      );
      start = end;
    }
    const value = parts.length === 1 ? parts[0]! : this.#g.op("Concat", parts, { axis: 1 }, { name: "pack" });
    this.#packs.set(key, value);
    return value;
  }

  /** The matrix that a step wrote as exactly these columns. */
  #wholeMatrix(versions: readonly Version[]): Value | null {
    const pack = this.#of(versions[0]!).packed?.pack;
    if (pack?.width !== versions.length) return null;
    const isWhole = versions.every((version, at) => {
      const { packed } = this.#of(version);
      return packed?.pack === pack && packed.at === at;
    });
    return isWhole ? pack.value : null;
  }

  #places(versions: readonly Version[], start: number, end: number): number[] {
    return versions.slice(start, end).map((version) => this.#of(version).packed!.at);
  }

  #of(version: Version): Forms {
    const forms = this.#forms[keyOf(version)];
    if (!forms) throw new Error(`column ${version.column.name} has no value in the graph`);
    return forms;
  }

  #column(version: Version): Value {
    const forms = this.#of(version);
    forms.column ??= forms.plain
      ? this.#g.op("Unsqueeze", [forms.plain, this.#g.constant(int64([1]))], {}, { name: version.column.name })
      : this.#pick(forms.packed!, [version], [forms.packed!.at]);
    return forms.column;
  }

  /** Columns of a matrix: `[N]` without places, else `[N, places]`; the matrix itself where that is all of it in order. */
  #pick({ pack, at }: NonNullable<Forms["packed"]>, versions: readonly Version[], places?: readonly number[]): Value {
    if (places?.length === pack.width && places.every((place, i) => place === i)) return pack.value;
    const name = versions.length === 0 ? "pick" : versions.length === 1 ? versions[0]!.column.name : "pick";
    return this.#g.op(
      "Gather",
      [pack.value, this.#g.constant(int64(places ?? [at], places ? undefined : []))],
      { axis: 1 },
      { name },
    );
  }

  #split(value: Value, width: number): Value[] {
    if (width === 1) return [value];
    const results = Array.from({ length: width }, () => ({ dtype: value.dtype, shape: ["N", 1] as const }));
    return this.#g.ops("Split", [value], { axis: 1, num_outputs: width }, width, { name: "unpack", results });
  }

  #cast(value: Value, dtype: DType): Value {
    if (value.dtype === dtype) return value;
    const key = `${value.name} ${dtype}`;
    const cast = this.#casts.get(key) ?? this.#g.op("Cast", [value], { to: dataType(dtype).number });
    this.#casts.set(key, cast);
    return cast;
  }
}

function keyOf(version: Version): number {
  return sourceOf(version).id;
}
