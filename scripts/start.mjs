// `npm start`: set up what is missing, then the demo (src/cli/demo.ts): inspect, pack, verify, serve.
// `npm start -- --once` ends after the demo's last step instead of serving.
import { spawn } from "node:child_process";
import path from "node:path";
import { root, setUp } from "./setup.mjs";

const node = setUp();
const child = spawn(node, [path.join(root, "dist", "cli", "demo.cjs"), ...process.argv.slice(2)], { stdio: "inherit" });
// Ctrl-C reaches both processes; the child decides when it is done.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => signal === "SIGTERM" && child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" || signal === "SIGTERM" ? 0 : 1)));
