// `npm run exactness`: every fixture on every runtime against its library's own outputs; writes docs/exactness.md. Plain JavaScript:
// it first brings the project's own Node.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { root, setUp } from "./setup.mjs";

const run = spawnSync(setUp(), [path.join(root, "scripts", "exactness_table.ts"), ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
process.exit(run.status ?? 1);
