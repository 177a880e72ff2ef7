// Fitted over inert Python objects.
import { IngotError, nearest, quoted } from "../../core/index.ts";
import { attributesOf, unwrapped } from "./attributes.ts";
import type { Fitted } from "./fitted.ts";
import { listArray } from "./list_array.ts";
import { NdArray } from "./ndarray.ts";
import { denseOf, isSparse } from "./sparse.ts";
import { PyFloat, PyGlobal, PyList, PyObject, PySet, PyTuple, type PyValue } from "./values.ts";

/**
 * Looks into an object by attribute name.
 * @param source name of the file, for messages
 * @param path what the object is called in messages, default its class
 */
export function fittedOf(value: PyValue, source: string, path?: string): Fitted {
  return new FittedObject(value, source, path ?? shortName(value), null);
}

class FittedObject implements Fitted {
  readonly className: string;
  readonly path: string;
  readonly version: string | null;
  readonly value: PyValue;
  private readonly source: string;
  private readonly attributes: ReadonlyMap<string, PyValue>;

  constructor(value: PyValue, source: string, path: string, versionAround: string | null) {
    this.value = value;
    this.source = source;
    this.path = path;
    this.className = value instanceof PyObject ? value.className : value instanceof PyGlobal ? value.path : "";
    this.attributes = attributesOf(value);
    const version = this.attributes.get("_sklearn_version");
    this.version = typeof version === "string" ? version : versionAround;
  }

  get where(): string {
    return `${this.source}: ${this.path}${this.version === null ? "" : ` (scikit-learn ${this.version})`}`;
  }

  get names(): readonly string[] {
    return [...this.attributes.keys()];
  }

  has(name: string): boolean {
    const value = this.get(name);
    return value !== undefined && value !== null;
  }

  get(name: string): PyValue | undefined {
    return this.attributes.get(name);
  }

  array(name: string): NdArray {
    const value = this.required(name);
    if (value instanceof NdArray) return value;
    if (isSparse(value)) return denseOf(value, this.whereOf(name));
    return listArray(value) ?? this.mismatch(name, "an array");
  }

  optionalArray(name: string): NdArray | null {
    return this.has(name) ? this.array(name) : null;
  }

  floats(name: string): Float64Array {
    return this.located(name, this.array(name), (array) => array.floats());
  }

  number(name: string): number {
    const value = unwrapped(this.required(name));
    if (typeof value === "number") return value;
    if (value instanceof PyFloat) return value.value;
    if (typeof value === "bigint") return Number(value);
    return this.mismatch(name, "a number");
  }

  optionalNumber(name: string): number | null {
    return this.has(name) ? this.number(name) : null;
  }

  string(name: string): string {
    const value = unwrapped(this.required(name));
    return typeof value === "string" ? value : this.mismatch(name, "text");
  }

  optionalString(name: string): string | null {
    return this.has(name) ? this.string(name) : null;
  }

  boolean(name: string): boolean {
    const value = unwrapped(this.required(name));
    // Programs of C, and people, write 0 and 1.
    if (value === 0 || value === 1) return value === 1;
    return typeof value === "boolean" ? value : this.mismatch(name, "True or False");
  }

  child(name: string): Fitted {
    const value = unwrapped(this.required(name))!;
    if (!(value instanceof PyObject)) return this.mismatch(name, "an object");
    return this.at(value, name);
  }

  optionalChild(name: string): Fitted | null {
    return this.has(name) ? this.child(name) : null;
  }

  children(name: string): Fitted[] {
    return this.items(name).map((item, index) => {
      if (!(item instanceof PyObject)) return this.mismatch(`${name}[${index}]`, "an object", item);
      return this.at(item, `${name}[${index}]`);
    });
  }

  items(name: string): readonly PyValue[] {
    const value = this.required(name);
    if (value instanceof PyList || value instanceof PyTuple || value instanceof PySet) return value.items;
    if (value instanceof NdArray) return this.located(name, value, (array) => array.values());
    return this.mismatch(name, "a list");
  }

  at(value: PyValue, path: string): Fitted {
    return new FittedObject(value, this.source, path === "" ? this.path : `${this.path}.${path}`, this.version);
  }

  unsupported(what: string, fix?: string): IngotError {
    return new IngotError("MODEL_UNSUPPORTED", { what, where: this.where, fix });
  }

  invalid(what: string, fix?: string): IngotError {
    return new IngotError("MODEL_INVALID", { what, where: this.where, fix });
  }

  private required(name: string): PyValue {
    const value = this.get(name);
    if (value !== undefined && value !== null) return value;
    const like = value === undefined ? nearest(name, this.names) : undefined;
    throw this.invalid(
      `${shortName(this.value)} has no \`${name}\`${value === null ? " (it is None)" : ""}${like ? `, only \`${like}\`` : ""}`,
      // Fitting is what sets the attributes that end so.
      value === undefined && name.endsWith("_")
        ? "save the model after `fit`; if it was fitted, save it again"
        : undefined,
    );
  }

  private mismatch(name: string, wanted: string, value: PyValue | undefined = this.get(name)): never {
    throw this.invalid(`\`${name}\` is ${described(value)}, not ${wanted}`);
  }

  private whereOf(name: string): string {
    return `${this.source}: ${this.path}.${name}`;
  }

  /** Says in which attribute an array is not what it should be. */
  private located<T>(name: string, array: NdArray, read: (array: NdArray) => T): T {
    try {
      return read(array);
    } catch (cause) {
      if (!(cause instanceof IngotError) || cause.where !== undefined) throw cause;
      throw new IngotError(cause.code, {
        what: `\`${name}\`: ${cause.what}`,
        where: this.where,
        fix: cause.fix,
        cause,
      });
    }
  }
}

/** Class without its modules, e.g. `Pipeline`. */
function shortName(value: PyValue): string {
  if (value instanceof PyObject) return value.className.split(".").at(-1) || "object";
  if (value instanceof PyGlobal) return value.name;
  return "value";
}

/** What a value is, in the words of a message. */
export function described(value: PyValue | undefined): string {
  if (value === undefined) return "absent";
  if (value === null) return "None";
  if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") return quoted(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value instanceof PyFloat) return String(value.value);
  if (value instanceof PyObject) return `an object of ${value.className || "an unknown class"}`;
  if (value instanceof PyGlobal) return value.path;
  if (value instanceof NdArray) return `an array of shape (${value.shape.join(", ")})`;
  if (value instanceof Uint8Array) return "bytes";
  return `a ${value.constructor.name.replace(/^Py/, "").toLowerCase()}`;
}
