// Bundles the command line into dist/cli, the pages into dist/web, and what runs packages in browsers into dist/browser.
import { rmSync } from "node:fs";
import path from "node:path";
import { build as viteBuild } from "vite";
import { bundleBrowser } from "./build_browser.mjs";
import { bundleCommandLine } from "./bundle_command_line.mjs";

const root = path.dirname(import.meta.dirname);
const dist = path.join(root, "dist");

// What is built is run and compiled here too, by the Node that will run it.
if (Number(process.versions.node.split(".")[0]) < 24) {
  process.stderr.write("error: the build needs the project's own Node\n  fix: npm run build\n");
  process.exit(2);
}
rmSync(dist, { recursive: true, force: true });

await Promise.all([
  viteBuild({ configFile: path.join(root, "web", "vite.config.ts"), logLevel: "warn" }),
  bundleBrowser(path.join(dist, "browser")),
]);
await bundleCommandLine(path.join(dist, "cli"));
