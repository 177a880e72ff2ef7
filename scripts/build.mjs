// Bundles the command line into dist/cli, the pages into dist/web, and what runs packages in browsers into dist/browser.
import { rmSync } from "node:fs";
import path from "node:path";
import { build as viteBuild } from "vite";
import { bundleBrowser } from "./build_browser.mjs";
import { bundleCommandLine } from "./bundle_command_line.mjs";

const root = path.dirname(import.meta.dirname);
const dist = path.join(root, "dist");

rmSync(dist, { recursive: true, force: true });

await Promise.all([
  viteBuild({ configFile: path.join(root, "web", "vite.config.ts"), logLevel: "warn" }),
  bundleBrowser(path.join(dist, "browser")),
]);
await bundleCommandLine(path.join(dist, "cli"));
