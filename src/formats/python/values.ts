// Python objects as inert data: what pickle, joblib and skops files are read into. Nothing here was ever called.
import type { NdArray } from "./ndarray.ts";

/**
 * A Python int is a number within ±(2^53 - 1), else a bigint; a float is a `PyFloat`, so that 1 and 1.0 stay apart.
 * Objects are shared as they were in the file: compare by identity, and expect cycles.
 */
export type PyValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PyFloat
  | PyComplex
  | Uint8Array
  | PyList
  | PyTuple
  | PyDict
  | PySet
  | PySlice
  | PyGlobal
  | PyObject
  | PyPersistent
  | NdArray;

export class PyFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export class PyComplex {
  readonly real: number;
  readonly imaginary: number;
  constructor(real: number, imaginary: number) {
    this.real = real;
    this.imaginary = imaginary;
  }
}

export class PyList {
  readonly items: PyValue[] = [];
}

export class PyTuple {
  readonly items: readonly PyValue[];
  constructor(items: readonly PyValue[]) {
    this.items = items;
  }
}

/** Pairs in the order in which they were set; a later pair of an equal key wins. */
export class PyDict {
  readonly entries: [key: PyValue, value: PyValue][] = [];

  /** The value of a text key, undefined where there is none. */
  get(key: string): PyValue | undefined {
    for (let i = this.entries.length - 1; i >= 0; i--) if (this.entries[i]![0] === key) return this.entries[i]![1];
    return undefined;
  }
}

export class PySet {
  readonly frozen: boolean;
  readonly items: PyValue[];
  constructor(frozen: boolean, items: PyValue[] = []) {
    this.frozen = frozen;
    this.items = items;
  }
}

export class PySlice {
  readonly start: PyValue;
  readonly stop: PyValue;
  readonly step: PyValue;
  constructor(start: PyValue, stop: PyValue, step: PyValue) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }
}

/** A class or function by name; names of Python 2 are stored as Python 3 maps them. */
export class PyGlobal {
  readonly module: string;
  readonly name: string;
  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }
  get path(): string {
    return `${this.module}.${this.name}`;
  }
}

/** What a call would have made: the callable, its arguments and what was set on the result afterwards. */
export class PyObject {
  /** Mostly a `PyGlobal`. */
  readonly callable: PyValue;
  readonly args: readonly PyValue[];
  readonly keywords: PyDict | null;
  /** What BUILD set: mostly the attributes as a `PyDict`; a tuple where the class has its own `__setstate__`. */
  state: PyValue | undefined = undefined;
  /** What APPEND(S) added to an object that is no list, and SETITEM(S) to one that is no dict. */
  appended: PyValue[] | null = null;
  pairs: [key: PyValue, value: PyValue][] | null = null;

  constructor(callable: PyValue, args: readonly PyValue[], keywords: PyDict | null = null) {
    this.callable = callable;
    this.args = args;
    this.keywords = keywords;
  }

  /** Qualified name of the class or function, e.g. `sklearn.tree._tree.Tree`; empty where it is not a plain global. */
  get className(): string {
    return this.callable instanceof PyGlobal ? this.callable.path : "";
  }
}

/** An object kept outside of the stream, under an id that only the loader understands (PyTorch storages). */
export class PyPersistent {
  readonly id: PyValue;
  constructor(id: PyValue) {
    this.id = id;
  }
}
