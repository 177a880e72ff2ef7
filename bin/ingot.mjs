#!/usr/bin/env node
// Starts the built command line on the project's own Node when the machine's is older. Plain JavaScript: any Node runs it.
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const entry = new URL("../dist/cli/main.cjs", import.meta.url);

if (!existsSync(entry)) {
  process.stderr.write("ingot is not built yet: run `npm start -- --once` (or `npm test`) in the clone first\n");
  process.exitCode = 70;
} else if (Number(process.versions.node.split(".")[0]) < 24) {
  const { spawn } = await import("node:child_process");
  const { findNode } = await import("../scripts/setup.mjs");
  const child = spawn(findNode(), [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  const passed = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of passed) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    for (const name of passed) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
} else {
  module.createRequire(import.meta.url)(fileURLToPath(entry));
}
