// Pickle protocols 0 to 5 as a symbolic machine: the semantics of CPython's Modules/_pickle.c, with calls that stay records.
import { IngotError } from "../../core/index.ts";
import { NdArray } from "../python/ndarray.ts";
import { buildArray } from "../python/numpy_objects.ts";
import {
  PyDict,
  PyFloat,
  PyGlobal,
  PyList,
  PyObject,
  PyPersistent,
  PySet,
  PyTuple,
  type PyValue,
} from "../python/values.ts";
import { resultOf } from "./calls.ts";
import { mapped } from "./python2_names.ts";
import { floatText, integerText, longOf, python2String, quotedString, rawUnicodeText, utf8Text } from "./text.ts";

export interface PickleOptions {
  /** Where the pickle begins. */
  readonly start?: number;
  /**
   * Called after BUILD set the state of an object, with the offset of the next opcode: joblib puts the bytes of arrays there.
   * What it returns replaces the object on the stack (not in the memo), and reading goes on at `next`.
   */
  readonly onBuild?: (object: PyObject, at: number) => { readonly value: PyValue; readonly next: number } | undefined;
  /** Buffers of protocol 5 that are kept outside of the stream. */
  readonly buffers?: Iterator<Uint8Array>;
  /** Most opcodes to run; default 2^27. */
  readonly mostOpcodes?: number;
}

export interface PickleResult {
  readonly value: PyValue;
  /** Offset behind STOP. */
  readonly end: number;
  readonly protocol: number;
  readonly opcodes: number;
  /** Classes and functions that loading it would import, in the order of their first use. */
  readonly globals: readonly PyGlobal[];
}

const mostOpcodes = 2 ** 27;
const deepestStack = 2 ** 25;
const longestInteger = 2 ** 20;
const longestLine = 2 ** 20;
const noArguments: readonly PyValue[] = [];

/**
 * Reads one pickle out of a buffer. Nothing is called; objects are shared as the file shares them; bytes are views of the buffer.
 * @throws FILE_TRUNCATED, FILE_MALFORMED, FILE_TOO_LARGE, MODEL_INVALID and MODEL_UNSUPPORTED (arrays)
 */
export function readPickle(bytes: Uint8Array, source: string, options: PickleOptions = {}): PickleResult {
  return new Machine(bytes, source, options).run();
}

/** Runs one pickle. */
export class Machine {
  /** Calls and opcodes so far. */
  calls = 0;
  steps = 0;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly source: string;
  private readonly options: PickleOptions;
  private offset: number;
  /** Where the opcode at hand begins. */
  private at: number;
  private readonly stack: PyValue[] = [];
  private readonly marks: number[] = [];
  /** Stack positions below this belong to whoever set the last mark. */
  private fence = 0;
  private readonly memo = new Map<number, PyValue>();
  private readonly globals = new Map<string, PyGlobal>();
  private protocol = 0;
  private frameEnd = Infinity;
  private copied = 0;

  constructor(bytes: Uint8Array, source: string, options: PickleOptions) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.source = source;
    this.options = options;
    this.offset = options.start ?? 0;
    this.at = this.offset;
  }

  run(): PickleResult {
    const limit = this.options.mostOpcodes ?? mostOpcodes;
    for (;;) {
      if (++this.steps > limit) throw this.tooLarge(`more than ${limit} opcodes`);
      this.at = this.offset;
      if (this.offset >= this.frameEnd) this.leaveFrame();
      const opcode = this.u8();
      if (opcode === 0x2e) {
        return {
          value: this.pop(),
          end: this.offset,
          protocol: this.protocol,
          opcodes: this.steps,
          globals: [...this.globals.values()],
        };
      }
      this.step(opcode);
      if (this.stack.length > deepestStack) throw this.tooLarge("a stack that grows without end");
    }
  }

  private step(opcode: number): void {
    const { stack } = this;
    switch (opcode) {
      case 0x28: // MARK
        this.marks.push(stack.length);
        this.fence = stack.length;
        return;
      case 0x30: // POP
        if (this.marks.length > 0 && this.marks.at(-1) === stack.length) this.leaveMark();
        else this.pop();
        return;
      case 0x31: // POP_MARK
        stack.length = this.leaveMark();
        return;
      case 0x32: // DUP
        stack.push(this.top());
        return;
      case 0x80: // PROTO
        this.protocol = this.u8();
        if (this.protocol > 5) throw this.malformed(`unknown pickle protocol ${this.protocol}`);
        return;
      case 0x95: // FRAME
        this.enterFrame(this.length8());
        return;

      case 0x4e: // NONE
        stack.push(null);
        return;
      case 0x88: // NEWTRUE
        stack.push(true);
        return;
      case 0x89: // NEWFALSE
        stack.push(false);
        return;
      case 0x4b: // BININT1
        stack.push(this.u8());
        return;
      case 0x4d: // BININT2
        stack.push(this.view.getUint16(this.advance(2), true));
        return;
      case 0x4a: // BININT
        stack.push(this.view.getInt32(this.advance(4), true));
        return;
      case 0x8a: // LONG1
        stack.push(longOf(this.take(this.u8())));
        return;
      case 0x8b: // LONG4
        stack.push(this.long4());
        return;
      case 0x49: // INT
        stack.push(this.int(this.line()));
        return;
      case 0x4c: // LONG
        stack.push(this.integer(this.line().replace(/L$/, "")));
        return;
      case 0x47: // BINFLOAT
        stack.push(new PyFloat(this.view.getFloat64(this.advance(8), false)));
        return;
      case 0x46: // FLOAT
        stack.push(new PyFloat(this.checked(floatText(this.line()), "a number")));
        return;

      case 0x8c: // SHORT_BINUNICODE
        stack.push(this.text(this.u8()));
        return;
      case 0x58: // BINUNICODE
        stack.push(this.text(this.u32()));
        return;
      case 0x8d: // BINUNICODE8
        stack.push(this.text(this.length8()));
        return;
      case 0x56: // UNICODE
        stack.push(this.checked(rawUnicodeText(this.line()), "text"));
        return;
      case 0x43: // SHORT_BINBYTES
        stack.push(this.take(this.u8()));
        return;
      case 0x42: // BINBYTES
        stack.push(this.take(this.u32()));
        return;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        stack.push(this.take(this.length8()));
        return;
      case 0x55: // SHORT_BINSTRING
        stack.push(python2String(this.take(this.u8())));
        return;
      case 0x54: // BINSTRING
        stack.push(python2String(this.take(this.view.getInt32(this.advance(4), true))));
        return;
      case 0x53: // STRING
        stack.push(python2String(Buffer.from(this.checked(quotedString(this.line()), "quoted text"), "latin1")));
        return;
      case 0x97: // NEXT_BUFFER
        stack.push(this.nextBuffer());
        return;
      case 0x98: // READONLY_BUFFER
        this.top();
        return;

      case 0x5d: // EMPTY_LIST
        stack.push(new PyList());
        return;
      case 0x7d: // EMPTY_DICT
        stack.push(new PyDict());
        return;
      case 0x29: // EMPTY_TUPLE
        stack.push(new PyTuple(noArguments));
        return;
      case 0x8f: // EMPTY_SET
        stack.push(new PySet(false));
        return;
      case 0x85: // TUPLE1
        stack.push(new PyTuple([this.pop()]));
        return;
      case 0x86: // TUPLE2
        stack.push(new PyTuple(this.popMany(2)));
        return;
      case 0x87: // TUPLE3
        stack.push(new PyTuple(this.popMany(3)));
        return;
      case 0x74: // TUPLE
        stack.push(new PyTuple(this.popMarked()));
        return;
      case 0x91: // FROZENSET
        stack.push(new PySet(true, this.popMarked()));
        return;
      case 0x6c: {
        // LIST
        const list = new PyList();
        this.append(list, this.popMarked());
        stack.push(list);
        return;
      }
      case 0x64: {
        // DICT
        const dict = new PyDict();
        this.setItems(dict, this.popMarked());
        stack.push(dict);
        return;
      }
      case 0x61: {
        // APPEND
        const item = this.pop();
        this.append(this.top(), [item]);
        return;
      }
      case 0x65: {
        // APPENDS
        const items = this.popMarked();
        this.append(this.top(), items);
        return;
      }
      case 0x90: {
        // ADDITEMS
        const items = this.popMarked();
        this.append(this.top(), items);
        return;
      }
      case 0x73: {
        // SETITEM
        const items = this.popMany(2);
        this.setItems(this.top(), items);
        return;
      }
      case 0x75: {
        // SETITEMS
        const items = this.popMarked();
        this.setItems(this.top(), items);
        return;
      }

      case 0x67: // GET
        this.get(Number(this.integer(this.line())));
        return;
      case 0x68: // BINGET
        this.get(this.u8());
        return;
      case 0x6a: // LONG_BINGET
        this.get(this.u32());
        return;
      case 0x70: // PUT
        this.put(Number(this.integer(this.line())));
        return;
      case 0x71: // BINPUT
        this.put(this.u8());
        return;
      case 0x72: // LONG_BINPUT
        this.put(this.u32());
        return;
      case 0x94: // MEMOIZE
        this.put(this.memo.size);
        return;

      default:
        this.call(opcode);
        return;
    }
  }

  /** Opcodes that import, call, or ask the loader. */
  private call(opcode: number): void {
    const { stack } = this;
    switch (opcode) {
      case 0x63: {
        // GLOBAL
        const module = this.line();
        stack.push(this.global(module, this.line()));
        return;
      }
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.popMany(2);
        if (typeof module !== "string" || typeof name !== "string") throw this.malformed("STACK_GLOBAL wants text");
        stack.push(this.global(module, name));
        return;
      }
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const [callable, args] = this.popMany(2);
        this.make(callable!, args!, null);
        return;
      }
      case 0x92: {
        // NEWOBJ_EX
        const [callable, args, keywords] = this.popMany(3);
        if (!(keywords instanceof PyDict)) throw this.malformed("keyword arguments are no dict");
        this.make(callable!, args!, keywords.entries.length > 0 ? keywords : null);
        return;
      }
      case 0x69: {
        // INST
        const module = this.line();
        const callable = this.global(module, this.line());
        this.make(callable, new PyTuple(this.popMarked()), null);
        return;
      }
      case 0x6f: {
        // OBJ
        const [callable, ...args] = this.popMarked();
        if (callable === undefined) throw this.malformed("OBJ without a class");
        this.make(callable, new PyTuple(args), null);
        return;
      }
      case 0x62: // BUILD
        this.build();
        return;
      case 0x50: // PERSID
        stack.push(new PyPersistent(this.line()));
        return;
      case 0x51: // BINPERSID
        stack.push(new PyPersistent(this.pop()));
        return;
      case 0x82: // EXT1
      case 0x83: // EXT2
      case 0x84: // EXT4
        throw new IngotError("MODEL_UNSUPPORTED", {
          what: "the pickle names objects by numbers of the copyreg extension registry, which only the program that wrote it knows",
          where: this.where(),
        });
      default:
        throw this.malformed(`unknown opcode 0x${opcode.toString(16).padStart(2, "0")}`);
    }
  }

  private make(callable: PyValue, args: PyValue, keywords: PyDict | null): void {
    if (!(args instanceof PyTuple)) throw this.malformed("the arguments of a call are no tuple");
    this.calls++;
    this.stack.push(resultOf(callable, args.items, keywords, this, this.where()));
  }

  private build(): void {
    const state = this.pop();
    const object = this.top();
    if (object instanceof NdArray) {
      buildArray(object, state, this.where());
      return;
    }
    if (!(object instanceof PyObject)) return;
    // Merging states would let a file double them again and again.
    if (object.state !== undefined) throw this.malformed("an object whose state is set twice");
    object.state = state;
    const instead = this.options.onBuild?.(object, this.offset);
    if (!instead) return;
    // What stands between opcodes stands between frames, too: loaders would take it from behind the frame.
    if (this.frameEnd !== Infinity && instead.next !== this.offset) {
      if (this.frameEnd !== this.offset) throw this.malformed("array bytes inside a frame");
      this.frameEnd = Infinity;
    }
    if (!(instead.next >= this.offset && instead.next <= this.bytes.length)) throw this.truncated("array bytes");
    this.stack[this.stack.length - 1] = instead.value;
    this.offset = instead.next;
  }

  private append(target: PyValue, items: readonly PyValue[]): void {
    let to: PyValue[];
    if (target instanceof PyList) to = target.items;
    else if (target instanceof PySet) to = target.items;
    else if (target instanceof PyObject) to = target.appended ??= [];
    else throw this.malformed("items are added to something that is no list");
    for (const item of items) to.push(item);
  }

  private setItems(target: PyValue, items: readonly PyValue[]): void {
    if (items.length % 2 !== 0) throw this.malformed("a dict has a key without a value");
    let to: [PyValue, PyValue][];
    if (target instanceof PyDict) to = target.entries;
    else if (target instanceof PyObject) to = target.pairs ??= [];
    else throw this.malformed("items are set on something that is no dict");
    for (let i = 0; i < items.length; i += 2) to.push([items[i]!, items[i + 1]!]);
  }

  private global(module: string, name: string): PyGlobal {
    const [realModule, realName] = this.protocol < 3 ? mapped(module, name) : [module, name];
    const key = `${realModule}\n${realName}`;
    const before = this.globals.get(key);
    if (before) return before;
    const global = new PyGlobal(realModule, realName);
    this.globals.set(key, global);
    return global;
  }

  private get(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.malformed(`memo ${index} was never set`);
    this.stack.push(value);
  }

  private put(index: number): void {
    if (!(index >= 0)) throw this.malformed(`memo ${index}`);
    this.memo.set(index, this.top());
  }

  private top(): PyValue {
    if (this.stack.length <= this.fence) throw this.underflow();
    return this.stack[this.stack.length - 1]!;
  }

  private pop(): PyValue {
    if (this.stack.length <= this.fence) throw this.underflow();
    return this.stack.pop()!;
  }

  private popMany(count: number): PyValue[] {
    if (this.stack.length - count < this.fence) throw this.underflow();
    return this.stack.splice(this.stack.length - count, count);
  }

  private popMarked(): PyValue[] {
    const { stack } = this;
    const start = this.leaveMark();
    if (start === stack.length) return [];
    return stack.splice(start, stack.length - start);
  }

  private leaveMark(): number {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.malformed("no mark on the stack");
    this.fence = this.marks.at(-1) ?? 0;
    return mark;
  }

  private int(line: string): number | bigint | boolean {
    return line === "00" ? false : line === "01" ? true : this.integer(line);
  }

  private integer(line: string): number | bigint {
    return this.checked(integerText(line), "an integer");
  }

  private long4(): number | bigint {
    const length = this.view.getInt32(this.advance(4), true);
    if (length > longestInteger) throw this.tooLarge(`an integer of ${length} bytes`);
    return longOf(this.take(length));
  }

  private text(length: number): string {
    const bytes = this.take(length);
    return this.checked(utf8Text(bytes), "text in UTF-8");
  }

  private line(): string {
    const end = this.bytes.indexOf(10, this.offset);
    if (end < 0) throw this.truncated("the end of a line");
    const line = this.take(end - this.offset);
    this.offset = end + 1;
    if (line.length > longestLine) return this.longLine(line);
    return Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString("latin1");
  }

  /** Text and numpy data of protocol 0 may be long; only numbers must not. */
  private longLine(line: Uint8Array): string {
    if (line.length > 2 ** 28) throw this.tooLarge(`a line of ${line.length} bytes`);
    return Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString("latin1");
  }

  private nextBuffer(): Uint8Array {
    const next = this.options.buffers?.next();
    if (next && !next.done) return next.value;
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: "the pickle keeps arrays in buffers outside of the file",
      where: this.where(),
      fix: "save it without `buffer_callback`",
    });
  }

  private enterFrame(length: number): void {
    if (this.frameEnd !== Infinity) throw this.malformed("a frame begins inside a frame");
    if (length > this.bytes.length - this.offset) throw this.truncated(`a frame of ${length} bytes`);
    this.frameEnd = length === 0 ? Infinity : this.offset + length;
  }

  private leaveFrame(): void {
    if (this.offset > this.frameEnd) throw this.malformed("an argument reaches beyond its frame");
    this.frameEnd = Infinity;
  }

  private u8(): number {
    return this.bytes[this.advance(1)]!;
  }

  private u32(): number {
    return this.view.getUint32(this.advance(4), true);
  }

  private length8(): number {
    const at = this.advance(8);
    return this.view.getUint32(at, true) + this.view.getUint32(at + 4, true) * 2 ** 32;
  }

  private take(length: number): Uint8Array {
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  private advance(length: number): number {
    if (!(length >= 0 && length <= this.bytes.length - this.offset)) throw this.truncated(`${length} bytes`);
    const start = this.offset;
    this.offset += length;
    return start;
  }

  /** Copies are bounded by the size of the file, so that naming one thing often cannot fill the memory. */
  spend(amount: number): void {
    this.copied += amount;
    if (this.copied > 4 * this.bytes.length + 2 ** 20) throw this.tooLarge("the same items copied over and over");
  }

  private checked<T>(value: T | null, what: string): T {
    if (value === null) throw this.malformed(`not ${what}`);
    return value;
  }

  private where(): string {
    return `${this.source} at byte ${this.at}`;
  }

  private underflow(): IngotError {
    return this.malformed("the stack is empty where a value is needed");
  }

  private malformed(what: string): IngotError {
    return new IngotError("FILE_MALFORMED", { what: `pickle: ${what}`, where: this.where() });
  }

  private truncated(what: string): IngotError {
    return new IngotError("FILE_TRUNCATED", {
      what: `pickle: needs ${what}, ${this.bytes.length - this.offset} bytes left`,
      where: this.where(),
      fix: "the file is incomplete or damaged: copy or save it again",
    });
  }

  private tooLarge(what: string): IngotError {
    return new IngotError("FILE_TOO_LARGE", { what: `pickle: ${what}`, where: this.where() });
  }
}
