// The names of categories: `cats` of the booster's model, from 3.1 on.
import { IngotError } from "../../core/index.ts";
import { type Cursor, float64Column, int32Column, numbersOf } from "./cursor.ts";
import { isSince, type XgboostModel } from "./model.ts";

const mostCategories = 1 << 24;

/** The categories of one feature, as the file has them. */
interface Listed {
  readonly where: string;
  readonly count: number;
  /** Null for texts that are not UTF-8. */
  readonly names: readonly string[] | readonly number[] | null;
  readonly beyondAscii: boolean;
}

/** `cats.enc`: by feature, texts as `offsets` into UTF-8 bytes, or numbers as they are. */
export function readCategories(cursor: Cursor): Listed[] {
  const features: Listed[] = [];
  cursor.object((key) => {
    if (key !== "enc") return cursor.skip();
    cursor.array(() => {
      const where = cursor.where();
      let offsets: Int32Array | null = null;
      let values = new Float64Array();
      cursor.object((member) => {
        if (member === "offsets") offsets = numbersOf(cursor, int32Column(), "cats.enc.offsets");
        else if (member === "values") values = numbersOf(cursor, float64Column(), "cats.enc.values");
        else cursor.skip();
      });
      if (values.length > mostCategories)
        throw new IngotError("MODEL_INVALID", { what: `${values.length} categories`, where });
      features.push(offsets === null ? numbers(values, where) : texts(offsets, values, where));
    });
  });
  return features;
}

function numbers(values: Float64Array, where: string): Listed {
  // Integers from 2^53 on have been rounded: two could have become one.
  if (values.some((value) => Math.abs(value) > Number.MAX_SAFE_INTEGER))
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: "a category is too large to be told from its neighbours",
      where,
      fix: "use smaller numbers or strings as categories",
    });
  return { where, count: values.length, names: Array.from(values), beyondAscii: false };
}

function texts(offsets: Int32Array, values: Float64Array, where: string): Listed {
  // Written as signed bytes by some versions, unsigned by others.
  if (values.some((value) => !Number.isInteger(value) || value < -128 || value > 255))
    throw new IngotError("MODEL_INVALID", { what: "the names of categories hold what is no byte", where });
  const bytes = Uint8Array.from(values, (value) => value & 0xff);
  const count = Math.max(0, offsets.length - 1);
  for (let i = 0; i < count; i++)
    if (offsets[i]! < 0 || offsets[i + 1]! < offsets[i]! || offsets[i + 1]! > bytes.length)
      throw new IngotError("MODEL_INVALID", { what: `category ${i} lies outside its text`, where });
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const beyondAscii = bytes.some((byte) => byte > 0x7f);
  try {
    const names = Array.from({ length: count }, (_, i) => decoder.decode(bytes.subarray(offsets[i]!, offsets[i + 1]!)));
    return { where, count, names, beyondAscii };
  } catch (cause) {
    if (cause instanceof TypeError) return { where, count, names: null, beyondAscii };
    throw cause;
  }
}

/**
 * XGBoost 3.1 to 3.3 cut the names of pandas categories by characters, not by bytes: beyond ASCII they are torn and the last ones
 * lost, and what is left may read like other names (fixed by dmlc/xgboost#12371). Such names are not believed.
 * @throws IngotError MODEL_INVALID for names that no version writes
 */
export function believedCategories(
  listed: readonly Listed[],
  version: XgboostModel["version"],
): Pick<XgboostModel, "categories" | "tornCategories"> {
  const tornCategories = new Map<number, number>();
  const categories = listed.map(({ names, count, beyondAscii, where }, feature) => {
    if (count === 0) return null;
    if (beyondAscii && !isSince(version, 3, 4)) {
      tornCategories.set(feature, count);
      return null;
    }
    if (names === null) throw new IngotError("MODEL_INVALID", { what: "the name of a category is not UTF-8", where });
    if (new Set<string | number>(names).size < names.length)
      throw new IngotError("MODEL_INVALID", { what: "a category appears twice", where });
    return names;
  });
  return { categories: categories.length === 0 ? null : categories, tornCategories };
}
