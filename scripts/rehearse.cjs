// Runs the bundled command line once for the build: node rehearse.cjs <folder of the bundle> <where to write the list of chunks> <words…>.
// When the command has ended, it writes what V8 compiled of every chunk beside it, and the list of chunks.
"use strict";
const { writeFileSync } = require("node:fs");
const path = require("node:path");

const [, , folder, list] = process.argv;
process.argv.splice(2, 2);
const scripts = new Map();
process.on("exit", () => {
  for (const [file, script] of scripts) writeFileSync(`${file}.v8`, script.createCachedData());
  writeFileSync(list, JSON.stringify([...scripts.keys()].map((file) => path.basename(file))));
});
// How a server is told to stop: some platforms have no signals.
if (process.channel) {
  process.once("message", () => {
    process.disconnect();
    process.emit("SIGINT");
  });
  process.channel.unref();
}
require(path.join(folder, "load.cjs")).run("main", (file, script) => scripts.set(file, script));
