// Pickle protocols 0 to 5 as a symbolic machine: the semantics of CPython's Modules/_pickle.c, with calls that stay records.
import { IngotError } from "../../core/index.ts";
import { NdArray } from "../python/ndarray.ts";
import { buildArray } from "../python/numpy_objects.ts";
import { PyDict, PyGlobal, PyList, PyObject, PyPersistent, PySet, PyTuple, type PyValue } from "../python/values.ts";
import { resultOf } from "./calls.ts";
import { PickleInput } from "./input.ts";
import { literal } from "./literals.ts";
import { mapped } from "./python2_names.ts";
import type { PickleOptions, PickleResult } from "./result.ts";

export type { PickleOptions, PickleResult } from "./result.ts";

const mostOpcodes = 2 ** 27;
const deepestStack = 2 ** 25;
const noArguments: readonly PyValue[] = [];

/**
 * Reads one pickle out of a buffer. Nothing is called; objects are shared as the file shares them; bytes are views of the buffer.
 * @throws FILE_TRUNCATED, FILE_MALFORMED, FILE_TOO_LARGE, MODEL_INVALID and MODEL_UNSUPPORTED (arrays)
 */
export function readPickle(bytes: Uint8Array, source: string, options: PickleOptions = {}): PickleResult {
  const machine = new Machine(bytes, source, options);
  for (;;) {
    const result = machine.next();
    if (result) return result;
  }
}

/** Runs one pickle. */
export class Machine {
  /** Calls and opcodes so far. */
  calls = 0;
  steps = 0;
  private readonly input: PickleInput;
  private readonly options: PickleOptions;
  private readonly limit: number;
  private readonly stack: PyValue[] = [];
  private readonly marks: number[] = [];
  /** Stack positions below this belong to whoever set the last mark. */
  private fence = 0;
  private readonly memo: PyValue[] = [];
  private memoSize = 0;
  private readonly globals = new Map<string, PyGlobal>();
  private protocol = 0;
  private copied = 0;

  constructor(bytes: Uint8Array, source: string, options: PickleOptions) {
    this.input = new PickleInput(bytes, source, options.start ?? 0);
    this.options = options;
    this.limit = options.mostOpcodes ?? mostOpcodes;
  }

  /** Runs one opcode; the result at STOP, null before. */
  next(): PickleResult | null {
    if (++this.steps > this.limit) throw this.input.tooLarge(`more than ${this.limit} opcodes`);
    const opcode = this.input.opcode();
    if (opcode === 0x2e) {
      return {
        value: this.pop(),
        end: this.input.offset,
        protocol: this.protocol,
        opcodes: this.steps,
        globals: [...this.globals.values()],
      };
    }
    this.step(opcode);
    if (this.stack.length > deepestStack) throw this.input.tooLarge("a stack that grows without end");
    return null;
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
        this.protocol = this.input.u8();
        if (this.protocol > 5) throw this.input.malformed(`unknown pickle protocol ${this.protocol}`);
        return;
      case 0x95: // FRAME
        this.input.enterFrame(this.input.length8());
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
        this.get(Number(this.input.integer(this.input.line())));
        return;
      case 0x68: // BINGET
        this.get(this.input.u8());
        return;
      case 0x6a: // LONG_BINGET
        this.get(this.input.u32());
        return;
      case 0x70: // PUT
        this.put(Number(this.input.integer(this.input.line())));
        return;
      case 0x71: // BINPUT
        this.put(this.input.u8());
        return;
      case 0x72: // LONG_BINPUT
        this.put(this.input.u32());
        return;
      case 0x94: // MEMOIZE
        this.put(this.memoSize);
        return;

      default: {
        const value = literal(opcode, this.input);
        if (value === undefined) this.call(opcode);
        else stack.push(value);
        return;
      }
    }
  }

  /** Opcodes that import, call, or ask the loader. */
  private call(opcode: number): void {
    const { stack } = this;
    switch (opcode) {
      case 0x63: {
        // GLOBAL
        const module = this.input.line();
        stack.push(this.global(module, this.input.line()));
        return;
      }
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.popMany(2);
        if (typeof module !== "string" || typeof name !== "string")
          throw this.input.malformed("STACK_GLOBAL wants text");
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
        if (!(keywords instanceof PyDict)) throw this.input.malformed("keyword arguments are no dict");
        this.make(callable!, args!, keywords.entries.length > 0 ? keywords : null);
        return;
      }
      case 0x69: {
        // INST
        const module = this.input.line();
        const callable = this.global(module, this.input.line());
        this.make(callable, new PyTuple(this.popMarked()), null);
        return;
      }
      case 0x6f: {
        // OBJ
        const [callable, ...args] = this.popMarked();
        if (callable === undefined) throw this.input.malformed("OBJ without a class");
        this.make(callable, new PyTuple(args), null);
        return;
      }
      case 0x62: // BUILD
        this.build();
        return;
      case 0x50: // PERSID
        stack.push(new PyPersistent(this.input.line()));
        return;
      case 0x51: // BINPERSID
        stack.push(new PyPersistent(this.pop()));
        return;
      case 0x82: // EXT1
      case 0x83: // EXT2
      case 0x84: // EXT4
        throw new IngotError("MODEL_UNSUPPORTED", {
          what: "the pickle names objects by numbers of the copyreg extension registry, which only the program that wrote it knows",
          where: this.input.where(),
        });
      default:
        throw this.input.malformed(`unknown opcode 0x${opcode.toString(16).padStart(2, "0")}`);
    }
  }

  private make(callable: PyValue, args: PyValue, keywords: PyDict | null): void {
    if (!(args instanceof PyTuple)) throw this.input.malformed("the arguments of a call are no tuple");
    this.calls++;
    this.stack.push(resultOf(callable, args.items, keywords, this, this.input.where()));
  }

  private build(): void {
    const state = this.pop();
    const object = this.top();
    if (object instanceof NdArray) {
      buildArray(object, state, this.input.where());
      return;
    }
    if (!(object instanceof PyObject)) return;
    // Merging states would let a file double them again and again.
    if (object.state !== undefined) throw this.input.malformed("an object whose state is set twice");
    object.state = state;
    const instead = this.options.onBuild?.(object, this.input.offset);
    if (!instead) return;
    // What stands between opcodes stands between frames, too: loaders would take it from behind the frame.
    if (this.input.frameEnd !== Infinity && instead.next !== this.input.offset) {
      if (this.input.frameEnd !== this.input.offset) throw this.input.malformed("array bytes inside a frame");
      this.input.frameEnd = Infinity;
    }
    if (!(instead.next >= this.input.offset && instead.next <= this.input.bytes.length))
      throw this.input.truncated("array bytes");
    this.stack[this.stack.length - 1] = instead.value;
    this.input.offset = instead.next;
  }

  private append(target: PyValue, items: readonly PyValue[]): void {
    let to: PyValue[];
    if (target instanceof PyList) to = target.items;
    else if (target instanceof PySet) to = target.items;
    else if (target instanceof PyObject) to = target.appended ??= [];
    else throw this.input.malformed("items are added to something that is no list");
    for (const item of items) to.push(item);
  }

  private setItems(target: PyValue, items: readonly PyValue[]): void {
    if (items.length % 2 !== 0) throw this.input.malformed("a dict has a key without a value");
    let to: [PyValue, PyValue][];
    if (target instanceof PyDict) to = target.entries;
    else if (target instanceof PyObject) to = target.pairs ??= [];
    else throw this.input.malformed("items are set on something that is no dict");
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
    const value = this.memo[index];
    if (value === undefined) throw this.input.malformed(`memo ${index} was never set`);
    this.stack.push(value);
  }

  private put(index: number): void {
    if (!(index >= 0)) throw this.input.malformed(`memo ${index}`);
    const value = this.top();
    if (this.memo[index] === undefined) this.memoSize++;
    this.memo[index] = value;
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
    const { stack } = this;
    if (stack.length - count < this.fence) throw this.underflow();
    const last = stack.pop()!;
    if (count === 1) return [last];
    const before = stack.pop()!;
    return count === 2 ? [before, last] : [stack.pop()!, before, last];
  }

  private popMarked(): PyValue[] {
    const { stack } = this;
    const start = this.leaveMark();
    if (start === stack.length) return [];
    return stack.splice(start, stack.length - start);
  }

  private leaveMark(): number {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.input.malformed("no mark on the stack");
    this.fence = this.marks.at(-1) ?? 0;
    return mark;
  }

  private nextBuffer(): Uint8Array {
    const next = this.options.buffers?.next();
    if (next && !next.done) return next.value;
    throw new IngotError("MODEL_UNSUPPORTED", {
      what: "the pickle keeps arrays in buffers outside of the file",
      where: this.input.where(),
      fix: "save it without `buffer_callback`",
    });
  }

  /** Copies are bounded by the size of the file, so that naming one thing often cannot fill the memory. */
  spend(amount: number): void {
    this.copied += amount;
    if (this.copied > 4 * this.input.bytes.length + 2 ** 20)
      throw this.input.tooLarge("the same items copied over and over");
  }

  private underflow(): IngotError {
    return this.input.malformed("the stack is empty where a value is needed");
  }
}
