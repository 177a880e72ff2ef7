// Runs the bundled command line once for the build: node rehearse.cjs <folder of the bundle> <where to write the list of chunks> <keep|drop> <words…>.
// When the command has ended, it writes the list of chunks, and where that is kept, what V8 compiled of every chunk beside it.
"use strict";
const { writeFileSync } = require("node:fs");
const path = require("node:path");

const [, , folder, list, kept] = process.argv;
process.argv.splice(2, 3);
const scripts = new Map();
process.on("exit", () => {
  if (kept === "keep") for (const [file, script] of scripts) writeFileSync(`${file}.v8`, script.createCachedData());
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
