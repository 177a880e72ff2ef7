// The names of categories: `cats` of the booster's model, from 3.1 on.
import { IngotError } from "../../core/index.ts";
import { type Cursor, float64Column, int32Column, numbersOf } from "./cursor.ts";
import type { XgboostModel } from "./model.ts";

const mostCategories = 1 << 24;

/** `cats.enc`: by feature, texts as `offsets` into UTF-8 bytes, or numbers as they are. Null where no feature is listed. */
export function readCategories(cursor: Cursor): XgboostModel["categories"] {
  const features: (readonly string[] | readonly number[] | null)[] = [];
  cursor.object((key) => {
    if (key !== "enc") return cursor.skip();
    cursor.array(() => {
      let offsets: Int32Array | null = null;
      let values = new Float64Array();
      const at = cursor.where();
      cursor.object((member) => {
        if (member === "offsets") offsets = numbersOf(cursor, int32Column(), "cats.enc.offsets");
        else if (member === "values") values = numbersOf(cursor, float64Column(), "cats.enc.values");
        else cursor.skip();
      });
      if (values.length > mostCategories)
        throw new IngotError("MODEL_INVALID", { what: `${values.length} categories`, where: at });
      const names = offsets === null ? Array.from(values) : textCategories(offsets, values, at);
      if (new Set<string | number>(names).size < names.length)
        throw new IngotError("MODEL_INVALID", { what: "a category appears twice", where: at });
      // Integers from 2^53 on have been rounded: two could have become one.
      if (names.some((name) => typeof name === "number" && Math.abs(name) > Number.MAX_SAFE_INTEGER))
        throw new IngotError("MODEL_UNSUPPORTED", {
          what: "a category is too large to be told from its neighbours",
          where: at,
          fix: "use smaller numbers or strings as categories",
        });
      features.push(names);
    });
  });
  return features.length === 0 ? null : features.map((list) => (list && list.length > 0 ? list : null));
}

function textCategories(offsets: Int32Array, values: Float64Array, where: string): string[] {
  // Written as signed bytes by some versions, unsigned by others.
  if (values.some((value) => !Number.isInteger(value) || value < -128 || value > 255))
    throw new IngotError("MODEL_INVALID", { what: "the names of categories hold what is no byte", where });
  const bytes = Uint8Array.from(values, (value) => value & 0xff);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return Array.from({ length: Math.max(0, offsets.length - 1) }, (_, i) => {
      const [start, end] = [offsets[i]!, offsets[i + 1]!];
      if (start < 0 || end < start || end > bytes.length)
        throw new IngotError("MODEL_INVALID", { what: `category ${i} lies outside its text`, where });
      return decoder.decode(bytes.subarray(start, end));
    });
  } catch (cause) {
    if (cause instanceof IngotError) throw cause;
    throw new IngotError("MODEL_INVALID", { what: "the name of a category is not UTF-8", where, cause });
  }
}
