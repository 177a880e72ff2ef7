// Values of a survey as far as they are remembered, for showing and for the dtypes of arrays.
import { type Soon, soon } from "../../core/index.ts";
import { PyDict, PyGlobal, PyList, PyObject, PySet, PyTuple, type PyValue } from "../python/values.ts";
import { globalOf, isGlobal, no, none, yes } from "./abstract_values.ts";
import { leafSize, leafValue, shortTextHeader, smallInteger } from "./leaf.ts";
import { shortText } from "./text.ts";
import { Missing, type Window } from "./window.ts";

const mostShown = 1000;
const mostLeaves = 4096;
const mostKept = 100_000;

export class Recall {
  private readonly window: Window;
  private readonly globals: readonly PyGlobal[];
  private readonly leaves = new Map<number, Uint8Array>();
  /** numpy dtypes: arrays name them long after they were made. */
  private readonly kept = new Map<number, PyObject>();
  private looked = 0;

  constructor(window: Window, globals: readonly PyGlobal[]) {
    this.window = window;
    this.globals = globals;
  }

  keep(value: number, object: PyObject): void {
    if (this.kept.size < mostKept) this.kept.set(value, object);
  }

  keptObject(value: number): PyObject | undefined {
    return this.kept.get(value);
  }

  /** A value as far as it is remembered, for showing and for dtypes. @throws Missing */
  value(value: number, depth = 0): PyValue {
    if (depth === 0) this.looked = 0;
    // Few tuples can hold one another very often.
    if (this.looked++ > mostShown) return new PyGlobal("", "…");
    if (value >= 0) return this.leafAt(value);
    if (value === none) return null;
    if (value === yes || value === no) return value === yes;
    const kept = this.kept.get(value);
    if (kept) return kept;
    const number = globalOf(value);
    if (isGlobal(value)) return this.globals[number]!;
    const { ring } = this.window.r;
    const place = depth > 6 ? -1 : ring.find(value);
    const kind = place < 0 ? null : ring.kindAt(place);
    if (number >= 0) {
      const args = kind === "object" ? this.value(ring.itemAt(place, 0), depth + 1) : null;
      return new PyObject(this.globals[number]!, args instanceof PyTuple ? args.items : []);
    }
    if (kind === null) return new PyGlobal("", "…");
    const items: PyValue[] = [];
    const count = ring.countAt(place);
    for (let i = 0; i < count; i++) items.push(this.value(ring.itemAt(place, i), depth + 1));
    if (kind === "tuple") return new PyTuple(items);
    if (kind === "set") return new PySet(false, items);
    if (kind === "list") {
      const list = new PyList();
      list.items.push(...items);
      return list;
    }
    const dict = new PyDict();
    if (kind === "dict") for (let i = 0; i + 1 < items.length; i += 2) dict.entries.push([items[i]!, items[i + 1]!]);
    return dict;
  }

  /** Short text and small integers stand in most places: they are read where they lie. */
  private leafAt(offset: number): PyValue {
    const { r, end } = this.window;
    const at = offset - r.base;
    const { bytes } = r;
    if (at >= 0 && at + 5 <= bytes.length && offset + 5 <= end) {
      const header = shortTextHeader(bytes, at);
      const stop = at + header + bytes[at + 1]!;
      const isThere = header > 0 && stop <= bytes.length && r.base + stop <= end;
      const value = isThere ? shortText(bytes, at + header, stop) : smallInteger(bytes, at);
      if (value !== null) return value;
    }
    return leafValue(this.leaf(offset));
  }

  /** Bytes of a leaf: its beginning, at least. */
  private leaf(offset: number): Uint8Array {
    const { r, end } = this.window;
    const at = offset - r.base;
    const size = Math.min(leafSize, end - offset);
    if (at >= 0 && at + size <= r.bytes.length) return r.bytes.subarray(at, at + size);
    const loaded = this.leaves.get(offset);
    if (loaded) return loaded;
    throw new Missing(offset);
  }

  /** Makes a leaf that was missing known. */
  load(offset: number): Soon<void> {
    const { file, end } = this.window;
    return soon(file.read(offset, Math.min(offset + leafSize, end)), (bytes) => {
      if (this.leaves.size > mostLeaves) this.leaves.clear();
      this.leaves.set(offset, bytes);
    });
  }
}
