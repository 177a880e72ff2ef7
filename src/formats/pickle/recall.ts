// Values of a survey as far as they are remembered, for showing and for the dtypes of arrays.
import { type Soon, soon } from "../../core/index.ts";
import { PyDict, PyGlobal, PyList, PyObject, PySet, PyTuple, type PyValue } from "../python/values.ts";
import { globalOf, isGlobal, no, none, yes } from "./abstract_values.ts";
import { leafSize, leafValue } from "./leaf.ts";
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
    const seen = depth > 6 || isGlobal(value) ? null : this.window.r.ring.look(value);
    if (number >= 0) {
      const global = this.globals[number]!;
      const args = seen && seen.kind === "object" ? this.value(seen.items[0]!, depth + 1) : null;
      return isGlobal(value) ? global : new PyObject(global, args instanceof PyTuple ? args.items : []);
    }
    const items: PyValue[] = [];
    if (seen) for (const item of seen.items) items.push(this.value(item, depth + 1));
    if (seen?.kind === "tuple") return new PyTuple(items);
    if (seen?.kind === "set") return new PySet(false, items);
    if (seen?.kind === "list") {
      const list = new PyList();
      list.items.push(...items);
      return list;
    }
    const dict = new PyDict();
    if (seen?.kind === "dict")
      for (let i = 0; i + 1 < items.length; i += 2) dict.entries.push([items[i]!, items[i + 1]!]);
    return seen ? dict : new PyGlobal("", "…");
  }

  /** Short text stands in most places: it is read where it lies. */
  private leafAt(offset: number): PyValue {
    const { r, end } = this.window;
    const at = offset - r.base;
    const { bytes } = r;
    if (at >= 0 && at < bytes.length && bytes[at] === 0x8c) {
      const stop = at + 2 + bytes[at + 1]!;
      const text = stop <= bytes.length && r.base + stop <= end ? shortText(bytes, at + 2, stop) : null;
      if (text !== null) return text;
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
