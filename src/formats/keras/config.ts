// The configuration of a Keras model: a tree of objects, each with the class that loading would make of it.
// Rule: keras/src/saving/serialization_lib.py (3), keras/src/saving/legacy/serialization.py and tf.keras (2).
import { at, isArray, isObject, type JsonObject, type JsonValue, textAt } from "../json/index.ts";
import type { Observation } from "../survey.ts";

interface KerasObject {
  readonly module: string;
  readonly name: string;
  readonly path: string;
  readonly object: JsonObject;
}

/** Settings of layers that Keras opens as files when their value is text. */
const pathKeys =
  /^(vocabulary|idf_weights|file_?name|file_?path|path|url|origin|cache_dir|asset\w*|\w+_(file|path|url|dir))$/;

/** Marks of values that are no classes: loading makes numbers and references to layers of them. */
const plainValues = /^__(keras_tensor|tensor|numpy|bytes|ellipsis|complex|slice)__$/;

/** Every object of a configuration, at any depth. The reader of JSON has bounded the depth. */
function* kerasObjects(root: JsonValue): Generator<KerasObject> {
  for (const { value, path } of nodes(root)) {
    const name = value.get("class_name");
    if (typeof name !== "string" || plainValues.test(name)) continue;
    const registered = value.get("registered_name");
    const module = value.get("module");
    yield {
      module: typeof module === "string" ? module : "",
      name: typeof registered === "string" && registered.includes(">") ? registered : name,
      path,
      object: value,
    };
  }
}

/** What the rules of `scan` get to see of a configuration. */
export function* observeKeras(root: JsonValue): Generator<Observation> {
  for (const { module, name, path, object } of kerasObjects(root)) {
    yield { kind: "keras-object", module, name, path };
    const className = object.get("class_name");
    if (className !== name) yield { kind: "keras-object", module, name: String(className), path };
    const lambda = lambdaCode(object);
    if (lambda !== null) yield { kind: "code", subject: "Keras Lambda", detail: `${path}: ${lambda}` };
    const layer = textAt(object, "config", "name") ?? textAt(object, "name");
    if (layer !== undefined && /[/\\]|\.\./.test(layer))
      yield { kind: "path", path: layer, purpose: `the name of a layer, which loading uses as a path, at ${path}` };
  }
  for (const { value, path } of nodes(root))
    for (const [key, inner] of value) {
      if (typeof inner === "string" && inner !== "" && pathKeys.test(key))
        yield { kind: "path", path: inner, purpose: `loading reads ${path}.${key}` };
      if (key === "safe_mode" && inner === false)
        yield { kind: "remote-code", key: `${path}.safe_mode`, value: "false" };
    }
}

/** Bytecode of a function without a name, as Keras 2 and 3 store it. */
function lambdaCode(object: JsonObject): string | null {
  const config = object.get("config");
  if (object.get("class_name") === "__lambda__")
    return code(textAt(config, "code") ?? textAt(config, "value") ?? textAt(object, "code"));
  if (object.get("class_name") !== "Lambda") return null;
  const called = at(config, "function");
  if (isArray(called)) return code(typeof called[0] === "string" ? called[0] : undefined);
  return typeof called === "string" ? `calls the function ${JSON.stringify(called.slice(0, 60))}` : null;
}

function code(text: string | undefined): string {
  return `marshalled Python bytecode${text === undefined ? "" : `, ${Buffer.from(text, "base64").length} bytes`}`;
}

function* nodes(root: JsonValue): Generator<{ value: JsonObject; path: string }> {
  const open: [value: JsonValue, path: string][] = [[root, "config"]];
  for (let item = open.pop(); item; item = open.pop()) {
    const [value, path] = item;
    const inside = (inner: JsonValue, step: string) => {
      if (isObject(inner) || isArray(inner)) open.push([inner, `${path}${step}`.slice(-300)]);
    };
    if (isObject(value)) {
      yield { value, path };
      for (const [key, inner] of value) inside(inner, `.${key}`);
    } else if (isArray(value)) for (const [index, inner] of value.entries()) inside(inner, `[${index}]`);
  }
}
