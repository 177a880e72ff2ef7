// JSON as inert values. Objects are maps: a key like `__proto__` is a key like any other.

export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonValue>;

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

export function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The value under these keys and indices, one inside the other; undefined where one of them is missing. */
export function at(value: JsonValue | undefined, ...keys: readonly (string | number)[]): JsonValue | undefined {
  let current = value;
  for (const key of keys) {
    if (typeof key === "number") current = isArray(current) ? current[key] : undefined;
    else current = isObject(current) ? current.get(key) : undefined;
  }
  return current;
}

export function textAt(value: JsonValue | undefined, ...keys: readonly (string | number)[]): string | undefined {
  const found = at(value, ...keys);
  return typeof found === "string" ? found : undefined;
}

export function numberAt(value: JsonValue | undefined, ...keys: readonly (string | number)[]): number | undefined {
  const found = at(value, ...keys);
  return typeof found === "number" ? found : undefined;
}
