// Runs inside the sandbox before the user's module: takes the clock and chance away, and keeps what reads arguments and writes results before
// anything can replace it. Numbers that JSON cannot say travel as {n: "Infinity"}, what is no plain value as {o: "its kind"}.

/** Source of a function: ({read, write, check}). */
export const prelude = `(() => {
  "use strict";
  const { parse, stringify } = JSON;
  const { isFinite } = Number;
  const { isArray } = Array;
  const { keys, hasOwn, defineProperty } = Object;
  const text = String;
  const mostDeep = 16;
  const absent = (what) => () => { throw new Error("a custom step has no " + what); };
  defineProperty(Math, "random", { value: absent("randomness: Math.random") });
  const noClock = absent("clock: Date");
  globalThis.Date = function Date() { noClock(); };
  globalThis.Date.now = noClock;
  globalThis.Date.parse = noClock;
  globalThis.Date.UTC = noClock;
  for (const name of ["WeakRef", "FinalizationRegistry", "SharedArrayBuffer", "Atomics"]) delete globalThis[name];
  const number = (word) => (word === "Infinity" ? Infinity : word === "-Infinity" ? -Infinity : word === "-0" ? -0 : NaN);
  const revive = (value) => {
    if (typeof value !== "object" || value === null) return value;
    if (!isArray(value)) return number(value.n);
    for (let i = 0; i < value.length; i++) value[i] = revive(value[i]);
    return value;
  };
  const plain = (value, depth) => {
    switch (typeof value) {
      case "number": return isFinite(value) && (value !== 0 || 1 / value > 0) ? value : { n: value === 0 ? "-0" : text(value) };
      case "string": case "boolean": return value;
      case "bigint": return { b: text(value) };
      case "undefined": return { o: "undefined" };
      case "object": {
        if (value === null) return null;
        if (!isArray(value)) return { o: "an object" };
        if (depth > mostDeep) return { o: "an array within itself" };
        const items = [];
        for (let i = 0; i < value.length; i++) items[i] = plain(value[i], depth + 1);
        return items;
      }
      default: return { o: "a " + typeof value };
    }
  };
  return {
    read: (argument) => {
      const record = parse(argument);
      for (const name of keys(record)) record[name] = revive(record[name]);
      return record;
    },
    write: (result, names) => {
      if (typeof result !== "object" || result === null || isArray(result)) return stringify({ wrong: result === null ? "null" : isArray(result) ? "an array" : typeof result });
      if (typeof result.then === "function") return stringify({ wrong: "a promise" });
      const wanted = parse(names);
      for (const name of keys(result)) if (!wanted.includes(name)) return stringify({ stranger: name });
      const values = [];
      for (let i = 0; i < wanted.length; i++) values[i] = hasOwn(result, wanted[i]) ? plain(result[wanted[i]], 0) : { o: "undefined" };
      return stringify({ values });
    },
  };
})()`;
