// `npm test`: set up what is missing, then every test. Arguments go to vitest: `npm test -- test/onnx`.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { root, setUp } from "./setup.mjs";

const node = setUp();
const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
const run = spawnSync(node, [vitest, "run", ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
process.exit(run.status ?? 1);
