// Loads the bundled command line; the build copies it to dist/cli/load.cjs. Beside a chunk lies what V8 made of it when the build had run the
// commands once (`<chunk>.v8`): what they used then need not be compiled again. Node's own compile cache keeps only what a module runs while it
// loads, not the functions that are called later, and lies where a read-only container has none. V8 refuses what another version made.
"use strict";
const { readFileSync } = require("node:fs");
const path = require("node:path");
const { Script } = require("node:vm");

/** What is loaded, by path. */
const modules = new Map();
/** Told of every chunk: the build keeps what V8 made of it. */
let observe = null;

function load(file) {
  const known = modules.get(file);
  if (known) return known.exports;
  const cachedData = compiled(`${file}.v8`);
  const script = new Script(readFileSync(file, "utf8"), {
    filename: nameOf(file),
    ...(cachedData && { cachedData }),
  });
  observe?.(file, script);
  const module = { exports: {} };
  modules.set(file, module);
  const folder = path.dirname(file);
  const requireFrom = (id) => (id[0] === "." ? load(path.join(folder, id)) : require(id));
  script.runInThisContext()(module.exports, requireFrom, module, file, folder);
  return module.exports;
}

/**
 * Not where this machine keeps it: what V8 compiled would differ from place to place. From bytes, since V8 writes the whole of a text that this
 * would be a part of.
 */
function nameOf(file) {
  return Buffer.from(`dist/cli/chunks/${path.basename(file)}`).toString();
}

function compiled(file) {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Runs an entry. @param observer (file, script) of every chunk, before it runs */
exports.run = (name, observer = null) => {
  observe = observer;
  load(path.join(__dirname, "chunks", `${name}.cjs`));
};
