// The nodes of skops' schema.json as the Python objects that a pickle of the same estimator holds. Rule: skops/io, protocols 0 to 2.
import { IngotError, quoted } from "../../core/index.ts";
import { isArray, isObject, type JsonObject, type JsonValue, textAt } from "../json/index.ts";
import { readNpy } from "../numpy/index.ts";
import { NdArray } from "../python/ndarray.ts";
import {
  PyDict,
  PyFloat,
  PyGlobal,
  PyList,
  PyObject,
  PySet,
  PySlice,
  PyTuple,
  type PyValue,
} from "../python/values.ts";

const deepest = 400;

/** Reads a file that stands beside schema.json. */
export type ReadMember = (path: string) => Promise<Uint8Array>;

export class Nodes {
  readonly globals = new Map<string, PyGlobal>();
  private readonly source: string;
  private readonly member: ReadMember;
  /** By `__id__`; undefined while the object is being built. */
  private readonly known = new Map<JsonValue, PyValue | undefined>();

  constructor(source: string, member: ReadMember) {
    this.source = source;
    this.member = member;
  }

  /** The object of a node. As skops does, the first node with an `__id__` stands for all of them. */
  async value(node: JsonValue | undefined, path: string, depth = 0): Promise<PyValue> {
    if (!isObject(node)) throw this.malformed("a node that is no object", path);
    if (depth > deepest) throw this.malformed(`nodes nested deeper than ${deepest}`, path);
    const id = node.get("__id__");
    if (id !== undefined && this.known.has(id)) {
      const before = this.known.get(id);
      if (before === undefined) throw this.malformed("a node that holds itself", path);
      return before;
    }
    if (id !== undefined) this.known.set(id, undefined);
    const value = await this.build(node, path, depth + 1);
    if (id !== undefined) this.known.set(id, value);
    return value;
  }

  private async build(node: JsonObject, path: string, depth: number): Promise<PyValue> {
    const loader = textAt(node, "__loader__");
    const content = node.get("content");
    const child = (of: JsonValue | undefined, key: string) => this.value(of, `${path}.${key}`, depth);
    switch (loader) {
      case "JsonNode":
        return this.scalar(content, path);
      case "DictNode":
        return this.dict(node, path, depth);
      case "DefaultDictNode":
        if (!isObject(content)) throw this.malformed("a defaultdict without content", path);
        return child(content.get("main"), "main");
      case "ListNode": {
        const list = new PyList();
        for (const item of await this.items(content, path, depth)) list.items.push(item);
        return list;
      }
      case "TupleNode":
        return new PyTuple(await this.items(content, path, depth));
      case "SetNode":
        return new PySet(textAt(node, "__class__") === "frozenset", await this.items(content, path, depth));
      case "SliceNode":
        return new PySlice(
          ...(["start", "stop", "step"].map((key) => this.plain(node, key, path)) as [PyValue, PyValue, PyValue]),
        );
      case "BytesNode":
      case "BytearrayNode":
        return this.member(this.fileOf(node, path));
      case "NdArrayNode":
        return this.array(node, path, depth);
      case "DTypeNode":
        return child(content, "content");
      case "TypeNode":
      case "FunctionNode": {
        // Until protocol 0 functions stood in `content`.
        const [module, name] = [textAt(content, "module_path"), textAt(content, "function")];
        return module !== undefined && name !== undefined ? this.global(module, name) : this.classOf(node, path);
      }
      case "MethodNode": {
        const name = textAt(content, "func");
        if (!isObject(content) || name === undefined) throw this.malformed("a method without a name", path);
        return new PyObject(this.global("builtins", "getattr"), [await child(content.get("obj"), "obj"), name]);
      }
      case "PartialNode": {
        if (!isObject(content)) throw this.malformed("a partial without a function", path);
        const parts: PyValue[] = [];
        for (const key of ["func", "args", "kwds", "namespace"]) parts.push(await child(content.get(key), key));
        const made = new PyObject(this.classOf(node, path), [parts[0]!]);
        made.state = new PyTuple(parts);
        return made;
      }
      case "OperatorFuncNode":
        return new PyObject(this.classOf(node, path), this.tupleItems(await child(node.get("attrs"), "attrs"), path));
      case "ConstructorFromReduceNode":
        return new PyObject(this.classOf(node, path), this.tupleItems(await child(content, "content"), path));
      case "TreeNode":
      case "LossNode":
      case "SGDNode":
      case "QuantileForestNode": {
        const reduce = node.get("__reduce__");
        const args = isObject(reduce) ? await child(reduce.get("args"), "args") : null;
        const made = new PyObject(this.classOf(node, path), this.tupleItems(args, path));
        made.state = await child(content, "content");
        return made;
      }
      case "ObjectNode":
      case "RandomStateNode":
      case "MaskedArrayNode":
      case "RandomGeneratorNode":
        return this.object(node, loader, path, depth);
      default:
        throw new IngotError("MODEL_UNSUPPORTED", {
          what: `skops: nodes of kind ${quoted(loader)} (${textAt(node, "__module__")}.${textAt(node, "__class__")}) cannot be read`,
          where: `${this.source}: ${path}`,
          fix: "save the model with joblib or pickle instead",
        });
    }
  }

  private async object(node: JsonObject, loader: string, path: string, depth: number): Promise<PyObject> {
    const made = new PyObject(this.classOf(node, path), []);
    const content = node.get("content");
    if (loader === "ObjectNode" || loader === "RandomStateNode") {
      if (content !== null && content !== undefined) made.state = await this.value(content, path, depth);
      return made;
    }
    if (!isObject(content)) throw this.malformed("an object without content", path);
    const state = new PyDict();
    for (const [key, part] of content) state.entries.push([key, await this.value(part, `${path}.${key}`, depth)]);
    made.state = state;
    return made;
  }

  private async dict(node: JsonObject, path: string, depth: number): Promise<PyDict> {
    const content = node.get("content");
    if (!isObject(content)) throw this.malformed("a dict without content", path);
    const types = await this.value(node.get("key_types"), `${path} (keys)`, depth);
    if (!(types instanceof PyList) || types.items.length !== content.size)
      throw this.malformed("a dict whose keys have no types", path);
    const dict = new PyDict();
    let index = 0;
    for (const [key, part] of content) {
      const type = types.items[index++];
      dict.entries.push([this.key(key, type, path), await this.value(part, `${path}.${key}`, depth)]);
    }
    return dict;
  }

  /** Keys are text in JSON; their types say what they were. */
  private key(key: string, type: PyValue | undefined, path: string): PyValue {
    const name = type instanceof PyGlobal ? type.name : "";
    if (name === "str" || name === "str_") return key;
    if (name === "NoneType") return null;
    if (/^bool_?$/.test(name)) return key.toLowerCase() === "true";
    if (/^u?int\d*$/.test(name) && /^-?\d{1,40}$/.test(key)) return integer(key);
    if (/^float\d*$/.test(name)) return new PyFloat(floatOf(key));
    throw this.malformed(`a dict with keys of type ${quoted(name)}`, path);
  }

  private async items(content: JsonValue | undefined, path: string, depth: number): Promise<PyValue[]> {
    if (!isArray(content)) throw this.malformed("a list without content", path);
    const items: PyValue[] = [];
    for (const [i, item] of content.entries()) items.push(await this.value(item, `${path}[${i}]`, depth));
    return items;
  }

  private async array(node: JsonObject, path: string, depth: number): Promise<PyValue> {
    if (textAt(node, "type") === "json") {
      const shape = this.tupleItems(await this.value(node.get("shape"), `${path}.shape`, depth), path);
      // Lists inside each other, one level for each axis.
      let items = await this.items(node.get("content"), path, depth);
      for (let axis = 1; axis < shape.length && axis < 64; axis++)
        items = items.flatMap((row) => [...this.tupleItems(row, path)]);
      const count = shape.reduce<number>((all, size) => all * (typeof size === "number" ? size : Number.NaN), 1);
      if (count !== items.length)
        throw this.malformed(`${items.length} objects where the shape asks for ${count}`, path);
      return new NdArray({ kind: "O", size: 8, littleEndian: true }, shape as number[], false, items);
    }
    const file = this.fileOf(node, path);
    const { array, header } = readNpy(await this.member(file), `${this.source}: ${file}`);
    // numpy.load of skops refuses pickles, and so must everyone who reads for it.
    if (header.objects) throw this.malformed(`${file} holds a pickle`, path);
    const scalar = this.classOf(node, path).path !== "numpy.ndarray" && array.shape.length === 0;
    return scalar ? (array.values()[0] ?? null) : array;
  }

  private scalar(content: JsonValue | undefined, path: string): PyValue {
    const text = typeof content === "string" ? content.trim() : "";
    if (text === "null") return null;
    if (text === "true" || text === "false") return text === "true";
    if (/^-?\d{1,4300}$/.test(text)) return integer(text);
    if (/^-?(\d+(\.\d+)?([eE][+-]?\d+)?|Infinity)$|^NaN$/.test(text)) return new PyFloat(floatOf(text));
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === "string") return value;
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
    }
    throw this.malformed(`${quoted(text)} is no JSON value`, path);
  }

  private plain(node: JsonObject, key: string, path: string): PyValue {
    const content = node.get("content");
    const value = isObject(content) ? content.get(key) : undefined;
    if (value === null || typeof value === "number" || typeof value === "bigint") return value;
    throw this.malformed("a slice without its ends", path);
  }

  private tupleItems(value: PyValue, path: string): readonly PyValue[] {
    if (value instanceof PyTuple || value instanceof PyList) return value.items;
    throw this.malformed("arguments that are no tuple", path);
  }

  private fileOf(node: JsonObject, path: string): string {
    const file = textAt(node, "file");
    if (file === undefined) throw this.malformed("a node without its file", path);
    return file;
  }

  private classOf(node: JsonObject, path: string): PyGlobal {
    const [module, name] = [textAt(node, "__module__"), textAt(node, "__class__")];
    if (module === undefined || name === undefined) throw this.malformed("a node without its class", path);
    return this.global(module, name);
  }

  private global(module: string, name: string): PyGlobal {
    const global = new PyGlobal(module, name);
    const before = this.globals.get(global.path);
    if (before) return before;
    this.globals.set(global.path, global);
    return global;
  }

  private malformed(what: string, path: string): IngotError {
    return new IngotError("FILE_MALFORMED", { what: `skops: ${what}`, where: `${this.source}: ${path}` });
  }
}

function integer(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

function floatOf(text: string): number {
  return text === "inf" ? Number.POSITIVE_INFINITY : text === "-inf" ? Number.NEGATIVE_INFINITY : Number(text);
}
