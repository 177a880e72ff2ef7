// A pickle walked for a survey: the whole stack model over windows of the file, payloads skipped, memory bounded.
import { IngotError } from "../../core/index.ts";
import type { FileSource } from "../format.ts";
import { PyDict, PyGlobal, PyList, PyObject, PySet, PyTuple, type PyValue } from "../python/values.ts";
import type { Survey } from "../survey.ts";
import { AbstractMemo } from "./abstract_memo.ts";
import {
  globalOf,
  globalValue,
  isGlobal,
  isObject,
  kindCodes,
  no,
  none,
  opaque,
  ValueRing,
  yes,
} from "./abstract_values.ts";
import { longestOpcode, mayBePickle, memoFull, type Registers, runDataOpcodes, underflow } from "./data_opcodes.ts";
import { looksLikePickle } from "./detect.ts";
import { leafParts, leafSize, leafValue, preview } from "./leaf.ts";
import { mapped } from "./python2_names.ts";
import { integerText } from "./text.ts";
import { Witness } from "./witness.ts";

export interface WalkOptions {
  /** Where the pickle begins, and where it has to end. */
  readonly start?: number;
  readonly end?: number;
  /** Bytes read at a time. */
  readonly window?: number;
  /** How many pickles this one is inside of. */
  readonly depth?: number;
  /** PERSID and BINPERSID are part of this format (PyTorch). */
  readonly persistent?: boolean;
  /**
   * Called after BUILD of an object of a class `…Wrapper`, with the offset of the next opcode: joblib puts the bytes of arrays
   * there. Returns where opcodes go on, having covered what is between; null where nothing is.
   */
  readonly onBuild?: (object: PyObject, at: number) => number | null | Promise<number | null>;
}

export interface Walked {
  /** Behind STOP, or where the stream broke. */
  readonly end: number;
  /** Whether it came to STOP. */
  readonly complete: boolean;
  readonly protocol: number;
  readonly calls: number;
  readonly globals: readonly PyGlobal[];
}

const deepestNesting = 4;
const largestText = 2 ** 24;
const padding = 16;
/** Names and numbers are shorter; the windows are as long. */
const longestLine = 2 ** 22;
const mostShown = 1000;

/** Surveys one pickle: covers it up to STOP or to where it breaks, and tells what it imports and calls. Never throws for its bytes. */
export function walkPickle(file: FileSource, survey: Survey, options: WalkOptions = {}): Promise<Walked> {
  return new Walk(file, survey, options).run();
}

/** The stream ends what loaders can read. */
class Broken extends Error {}

/** A leaf outside of the window is asked for: to be loaded, and the opcode tried again. */
class Missing extends Error {
  readonly offset: number;
  constructor(offset: number) {
    super();
    this.offset = offset;
  }
}

class Walk {
  private readonly file: FileSource;
  private readonly survey: Survey;
  private readonly options: WalkOptions;
  private readonly witness: Witness;
  private readonly r: Registers;
  private readonly end: number;
  private readonly start: number;
  private readonly leaves = new Map<number, Uint8Array>();
  /** numpy dtypes: arrays name them long after they were made. */
  private readonly kept = new Map<number, PyObject>();
  private protocol = 0;
  private frameEnd = Infinity;
  private coveredFrom: number;
  private looked = 0;
  private window: number;

  constructor(file: FileSource, survey: Survey, options: WalkOptions) {
    this.file = file;
    this.survey = survey;
    this.options = options;
    this.witness = new Witness(survey);
    this.start = options.start ?? 0;
    this.end = Math.min(options.end ?? file.size, file.size);
    this.coveredFrom = this.start;
    this.window = options.window ?? longestLine;
    const bytes = new Uint8Array(0);
    this.r = {
      bytes,
      view: new DataView(bytes.buffer),
      base: this.start,
      at: 0,
      limit: 0,
      stack: new Float64Array(1024),
      depth: 0,
      marks: [],
      fence: 0,
      memo: new AbstractMemo(),
      ring: new ValueRing(),
      broken: null,
    };
  }

  async run(): Promise<Walked> {
    let complete = false;
    try {
      await this.toStop();
      complete = true;
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      const calls = this.witness.calls;
      const at = Math.min(this.offset, this.end);
      this.witness.anomaly(
        `broken after ${calls} calls: ${error.message}`,
        at,
        at >= this.end ? "truncated" : "pickle",
      );
    }
    const end = Math.min(this.offset, this.end);
    this.survey.covered(this.coveredFrom, end);
    return { end, complete, protocol: this.protocol, calls: this.witness.calls, globals: this.witness.globals };
  }

  private get offset(): number {
    return this.r.base + this.r.at;
  }

  private async toStop(): Promise<void> {
    const { r } = this;
    await this.fill();
    for (;;) {
      this.atFrameEnd();
      r.limit = this.limit();
      const opcode = runDataOpcodes(r);
      if (opcode === -2) throw new Broken(r.broken ?? "broken");
      if (opcode === -1) {
        if (this.offset > this.end) throw new Broken("a payload reaches beyond the end");
        if (this.offset === this.end) throw new Broken("it ends without STOP");
        if (this.offset < this.frameEnd) await this.fill();
        continue;
      }
      if (opcode === 0x2e) {
        this.need(1);
        r.at++;
        if (this.frameEnd !== Infinity && this.frameEnd !== this.offset)
          this.witness.anomaly("STOP does not end its frame", this.offset - 1);
        return;
      }
      const at = r.at;
      const later = this.tried(opcode);
      if (later) {
        r.at = at;
        await this.load(later.offset);
        continue;
      }
      const more = this.after;
      if (more) {
        this.after = null;
        await more();
      }
    }
  }

  /** What has to be awaited once the opcode at hand is done. */
  private after: (() => Promise<void>) | null = null;

  private tried(opcode: number): Missing | null {
    try {
      this.step(opcode);
      return null;
    } catch (error) {
      if (error instanceof Missing) return error;
      throw error;
    }
  }

  private step(opcode: number): void {
    const { r } = this;
    switch (opcode) {
      case 0x80: {
        // PROTO
        if (this.offset !== this.start)
          this.witness.anomaly("PROTO in the middle of the stream", this.offset, "duplicate");
        this.protocol = r.bytes[r.at + 1]!;
        if (this.protocol > 5) throw new Broken(`unknown protocol ${this.protocol}`);
        r.at += 2;
        return;
      }
      case 0x95: {
        // FRAME
        const length = this.length8(r.at + 1);
        if (this.frameEnd !== Infinity) this.witness.anomaly("a frame begins inside a frame", this.offset);
        r.at += 9;
        if (length > this.end - this.offset)
          throw new Broken(`a frame of ${length} bytes, ${this.end - this.offset} left`);
        this.frameEnd = this.offset + length;
        return;
      }
      case 0x49: // INT
      case 0x4c: // LONG
      case 0x46: // FLOAT
      case 0x53: // STRING
      case 0x56: // UNICODE
        this.line(r.at + 1, (end) => {
          this.push(this.offset);
          r.at = end + 1;
        });
        return;
      case 0x67: // GET
      case 0x70: // PUT
        this.memoLine(opcode);
        return;
      case 0x8c:
      case 0x58:
      case 0x8d:
      case 0x43:
      case 0x42:
      case 0x8e:
      case 0x96:
      case 0x55:
      case 0x54:
      case 0x8b:
        this.payload(opcode);
        return;
      case 0x63: // GLOBAL
      case 0x69: // INST
        this.namedByLines(opcode);
        return;
      case 0x93: // STACK_GLOBAL
        this.stackGlobal();
        return;
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        this.call(2);
        return;
      case 0x92: // NEWOBJ_EX
        this.call(3);
        return;
      case 0x6f: // OBJ
        this.callMarked();
        return;
      case 0x62: // BUILD
        this.build();
        return;
      case 0x50: // PERSID
      case 0x51: // BINPERSID
        this.persistent(opcode);
        return;
      case 0x82: // EXT1
      case 0x83: // EXT2
      case 0x84: // EXT4
        this.witness.anomaly("a name out of the copyreg extension registry: what it is cannot be known", this.offset);
        this.push(opaque);
        r.at += opcode === 0x82 ? 2 : opcode === 0x83 ? 3 : 5;
        return;
      default:
        throw new Broken(`unknown opcode 0x${opcode.toString(16).padStart(2, "0")}`);
    }
  }

  private payload(opcode: number): void {
    const { r } = this;
    const { header, payload } = leafParts(r.bytes, r.at)!;
    const start = this.offset + header;
    if (payload < 0 || payload > this.end - start)
      throw new Broken(`a payload of ${payload} bytes, ${this.end - start} left`);
    const [first, second] = [r.bytes[r.at + header]!, r.bytes[r.at + header + 1]!];
    this.push(this.offset);
    r.at += header + payload;
    const isText = opcode === 0x8c || opcode === 0x58 || opcode === 0x8d;
    if (opcode === 0x8b || payload < 8) return;
    if (isText ? first === 0xc2 && second === 0x80 && payload <= largestText : mayBePickle(first, second))
      this.after = () => this.nested(start, start + payload, isText);
  }

  /** Bytes, or text of protocol 2 that stands for bytes, that may be a pickle themselves. */
  private async nested(start: number, end: number, isText: boolean): Promise<void> {
    const depth = (this.options.depth ?? 0) + 1;
    if (depth > deepestNesting) {
      this.witness.observe({
        kind: "limit",
        limit: "depth",
        detail: "pickles inside pickles inside pickles",
        at: start,
      });
      return;
    }
    let file: FileSource = this.file;
    let range = { start, end };
    if (isText) {
      const text = Buffer.from(await this.file.read(start, end)).toString("utf8");
      const bytes = Buffer.from(text, "latin1");
      file = bytesSource(bytes, this.file.name);
      range = { start: 0, end: bytes.length };
    }
    const head = await file.read(range.start, Math.min(range.end, range.start + 65536));
    if (!looksLikePickle(head, range.end - range.start)) return;
    // Arrays may begin like a pickle by chance: only what ends as one, or calls something, is told.
    const told: (() => void)[] = [];
    const quiet: Survey = {
      covered: () => undefined,
      observe: (observation) => {
        told.push(() => this.witness.observe(isText ? { ...observation, at: start } : observation));
      },
      nested: (name, inner) => this.survey.nested(name, inner),
    };
    const walked = await walkPickle(file, quiet, { ...range, depth });
    if (walked.complete || walked.calls > 0) for (const tell of told) tell();
  }

  private memoLine(opcode: number): void {
    const { r } = this;
    this.line(r.at + 1, (end) => {
      const index = Number(integerText(latin1(r.bytes, r.at + 1, end)) ?? -1);
      if (index < 0) throw new Broken("a memo number that is none");
      if (opcode === 0x70) {
        if (!r.memo.set(index, this.top())) throw new Broken(memoFull);
      } else {
        const value = r.memo.get(index);
        if (Number.isNaN(value)) throw new Broken("a memo entry that was never set");
        this.push(value);
      }
      r.at = end + 1;
    });
  }

  private namedByLines(opcode: number): void {
    const { r } = this;
    this.line(r.at + 1, (first) =>
      this.line(first + 1, (second) => {
        const global = this.global(latin1(r.bytes, r.at + 1, first), latin1(r.bytes, first + 1, second));
        if (opcode === 0x63) this.push(global);
        else {
          const mark = this.mark();
          const args = r.ring.container(kindCodes.tuple, r.stack, mark, r.depth);
          const made = this.made(global, args);
          this.leaveMark();
          r.depth = mark;
          this.push(made);
        }
        r.at = second + 1;
      }),
    );
  }

  private stackGlobal(): void {
    const { r } = this;
    this.has(2);
    const [module, name] = [r.stack[r.depth - 2]!, r.stack[r.depth - 1]!];
    const values = [module, name].map((value) => (value >= 0 ? this.value(value) : null));
    let global: number;
    if (typeof values[0] === "string" && typeof values[1] === "string") global = this.global(values[0], values[1]);
    else if (isObject(module) || isObject(name) || module === opaque || name === opaque) {
      this.witness.anomaly("the name of an import is computed by a call", this.offset);
      global = this.global(
        typeof values[0] === "string" ? values[0] : "?",
        typeof values[1] === "string" ? values[1] : "?",
      );
    } else throw new Broken("STACK_GLOBAL wants text");
    r.depth -= 2;
    this.push(global);
    r.at++;
  }

  private global(module: string, name: string): number {
    const [realModule, realName] = this.protocol < 3 ? mapped(module, name) : [module, name];
    return globalValue(this.witness.imported(realModule, realName, this.offset));
  }

  private call(operands: number): void {
    const { r } = this;
    this.has(operands);
    const made = this.made(r.stack[r.depth - operands]!, r.stack[r.depth - operands + 1]!);
    r.depth -= operands;
    this.push(made);
    r.at++;
  }

  private callMarked(): void {
    const { r } = this;
    const mark = this.mark();
    if (r.depth - mark < 1) throw new Broken("OBJ without a class");
    const args = r.ring.container(kindCodes.tuple, r.stack, mark + 1, r.depth);
    const made = this.made(r.stack[mark]!, args);
    this.leaveMark();
    r.depth = mark;
    this.push(made);
    r.at++;
  }

  /** The object that a call makes, which is told. May ask for leaves: nothing is changed before they are there. */
  private made(callable: number, args: number): number {
    const { r, witness } = this;
    const number = globalOf(callable);
    if (number < 0) {
      witness.anomaly("a call of something that is no class or function", this.offset);
      witness.calls++;
      return opaque;
    }
    const shown = witness.wantsArguments(number) ? preview(this.value(args)) : null;
    const isDtype = witness.globals[number]!.path === "numpy.dtype" && isGlobal(callable) && this.kept.size < 100_000;
    const dtypeArgs = isDtype ? this.value(args) : null;
    witness.called(number, isObject(callable) && shown !== null ? `(…)${shown}` : shown, this.offset);
    const object = r.ring.object(number, args);
    if (dtypeArgs instanceof PyTuple) this.kept.set(object, new PyObject(witness.globals[number]!, dtypeArgs.items));
    return object;
  }

  private build(): void {
    const { r, witness } = this;
    this.has(2);
    const [object, state] = [r.stack[r.depth - 2]!, r.stack[r.depth - 1]!];
    const number = globalOf(object);
    const kept = this.kept.get(object);
    const wanted = this.options.onBuild && number >= 0 && witness.globals[number]!.name.endsWith("Wrapper");
    const whole = kept || wanted ? this.value(state) : null;
    if (number >= 0) witness.stateSet(number, this.offset);
    if (isGlobal(object)) witness.anomaly("attributes are set on a class or module itself", this.offset);
    if (kept && kept.state === undefined) kept.state = whole;
    r.ring.build(object, state);
    r.depth--;
    r.at++;
    if (!wanted) return;
    const wrapper = new PyObject(witness.globals[number]!, []);
    wrapper.state = whole;
    this.after = () => this.skipRaw(wrapper);
  }

  private async skipRaw(wrapper: PyObject): Promise<void> {
    const at = this.offset;
    const next = await this.options.onBuild!(wrapper, at);
    if (next === null) return;
    if (!(next >= at && next <= this.end)) throw new Broken("the bytes of an array reach beyond the end");
    this.survey.covered(this.coveredFrom, at);
    this.coveredFrom = next;
    this.atFrameEnd();
    this.r.at += next - at;
  }

  private persistent(opcode: number): void {
    const { r } = this;
    if (!this.options.persistent)
      this.witness.anomaly("an object that only the program behind it can find", this.offset);
    if (opcode === 0x51) {
      this.has(1);
      r.stack[r.depth - 1] = opaque;
      r.at++;
      return;
    }
    this.line(r.at + 1, (end) => {
      this.push(opaque);
      r.at = end + 1;
    });
  }

  /** A value as far as it is remembered, for showing and for dtypes. @throws Missing */
  private value(value: number, depth = 0): PyValue {
    if (depth === 0) this.looked = 0;
    // Few tuples can hold one another very often.
    if (this.looked++ > mostShown) return new PyGlobal("", "…");
    if (value >= 0) return leafValue(this.leaf(value));
    if (value === none) return null;
    if (value === yes || value === no) return value === yes;
    const kept = this.kept.get(value);
    if (kept) return kept;
    const number = globalOf(value);
    const seen = depth > 6 ? null : this.r.ring.look(value);
    if (number >= 0) {
      const global = this.witness.globals[number]!;
      const args = seen && seen.kind === "object" ? this.value(seen.items[0]!, depth + 1) : null;
      return isGlobal(value) ? global : new PyObject(global, args instanceof PyTuple ? args.items : []);
    }
    const items = seen?.items.map((item) => this.value(item, depth + 1)) ?? [];
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

  /** Bytes of a leaf: its beginning, at least. */
  private leaf(offset: number): Uint8Array {
    const { r } = this;
    const at = offset - r.base;
    const size = Math.min(leafSize, this.end - offset);
    if (at >= 0 && at + size <= r.bytes.length) return r.bytes.subarray(at, at + size);
    const loaded = this.leaves.get(offset);
    if (loaded) return loaded;
    throw new Missing(offset);
  }

  private async load(offset: number): Promise<void> {
    if (offset < 0) {
      await this.fill();
      return;
    }
    if (this.leaves.size > 4096) this.leaves.clear();
    this.leaves.set(offset, await this.file.read(offset, Math.min(offset + leafSize, this.end)));
  }

  /** Calls with the position of the next line end, or comes back with more of the file. */
  private line(from: number, then: (end: number) => void): void {
    const { r } = this;
    const end = r.bytes.indexOf(10, from);
    if (end >= 0 && r.base + end < this.end) {
      then(end);
      return;
    }
    if (r.base + r.bytes.length >= this.end) throw new Broken("a line without an end");
    if (r.at > 0 || this.window < longestLine) {
      if (r.at === 0) this.window = longestLine;
      throw new Missing(-1);
    }
    const opcode = r.bytes[r.at]!;
    if (opcode !== 0x53 && opcode !== 0x56) throw new Broken("a line longer than any name or number");
    this.push(this.offset);
    this.after = () => this.skipLine();
  }

  /** The end of text that is longer than the window. */
  private async skipLine(): Promise<void> {
    const { r } = this;
    while (r.bytes.indexOf(10) < 0 || r.base + r.bytes.indexOf(10) >= this.end) {
      if (r.base + r.bytes.length >= this.end) throw new Broken("a line without an end");
      r.at = r.bytes.length;
      await this.fill();
    }
    r.at = r.bytes.indexOf(10) + 1;
  }

  private async fill(): Promise<void> {
    const { r } = this;
    const base = this.offset;
    const size = Math.min(this.window, this.end - base);
    let bytes = await this.file.read(base, base + size);
    if (bytes.length < size)
      throw new IngotError("FILE_TRUNCATED", { what: "shrank while it was read", where: this.file.name });
    if (base + size === this.end) {
      // Opcodes may be read beyond the end, and are found to be cut off afterwards.
      const padded = new Uint8Array(size + padding);
      padded.set(bytes);
      bytes = padded;
    }
    r.bytes = bytes;
    r.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    r.base = base;
    r.at = 0;
  }

  private limit(): number {
    const { r } = this;
    const windowEnd = r.base + r.bytes.length;
    const last = windowEnd >= this.end ? this.end - r.base : r.bytes.length - longestOpcode - 2;
    return Math.min(last, this.frameEnd - r.base);
  }

  private atFrameEnd(): void {
    if (this.offset < this.frameEnd) return;
    if (this.offset > this.frameEnd) this.witness.anomaly("an argument reaches beyond its frame", this.frameEnd);
    this.frameEnd = Infinity;
  }

  private need(bytes: number): void {
    if (this.offset + bytes > this.end) throw new Broken("it ends without STOP");
    this.has(1);
  }

  private has(operands: number): void {
    if (this.r.depth - operands < this.r.fence) throw new Broken(underflow);
  }

  private top(): number {
    this.has(1);
    return this.r.stack[this.r.depth - 1]!;
  }

  private push(value: number): void {
    this.r.stack[this.r.depth++] = value;
  }

  private mark(): number {
    const mark = this.r.marks.at(-1);
    if (mark === undefined) throw new Broken("no mark on the stack");
    return mark;
  }

  private leaveMark(): void {
    this.r.marks.pop();
    this.r.fence = this.r.marks.at(-1) ?? 0;
  }

  private length8(at: number): number {
    return this.r.view.getUint32(at, true) + this.r.view.getUint32(at + 4, true) * 2 ** 32;
  }
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

function bytesSource(bytes: Uint8Array, name: string): FileSource {
  return {
    name,
    size: bytes.length,
    read: async (start, end) => bytes.subarray(start, Math.min(end, bytes.length)),
    readAll: async () => bytes,
  };
}
