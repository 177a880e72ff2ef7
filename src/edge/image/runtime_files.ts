// What of an installed Ingot an image needs: the bundle, the pages, Node, and the files of one platform of the native runtime.
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { IngotError } from "../../core/index.ts";
import type { TarEntry } from "./tar.ts";

/** As OCI names it. */
export interface Platform {
  readonly os: "linux";
  readonly architecture: "amd64" | "arm64";
}

/** Where everything lies in the image. */
export const places = { node: "opt/ingot/bin/node", root: "opt/ingot", store: "ingot/store" } as const;

const nodeNames = { amd64: "x64", arm64: "arm64" } as const;

/** Files of dependencies that are not bundled, by package: only what is loaded at run time. */
const parts: Readonly<Record<string, (file: string, platform: Platform) => boolean>> = {
  "onnxruntime-node": (file, { architecture }) =>
    file === "package.json" || file.startsWith(`bin/napi-v6/linux/${nodeNames[architecture]}/`),
  "@jsquash/jpeg": (file) => /^(package\.json|codec\/dec\/.*\.wasm)$/.test(file),
  "@jsquash/webp": (file) => /^(package\.json|codec\/dec\/.*\.wasm)$/.test(file),
};

/** The tree this code runs from, built or from source: where `package.json` and `dist/` are. */
export function installation(from = import.meta.dirname): string {
  for (let folder = from; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, "dist", "cli", "main.cjs")) && existsSync(path.join(folder, "package.json")))
      return folder;
    if (folder === path.dirname(folder))
      throw new IngotError("FILE_NOT_FOUND", {
        what: "Ingot itself is not built",
        where: "dist/cli/main.cjs",
        fix: "run `npm run build` first",
      });
  }
}

/** Files of the runtime layer. @throws IngotError FILE_NOT_FOUND naming the dependency that is not installed */
export function runtimeFiles(root: string, platform: Platform): TarEntry[] {
  const entries: TarEntry[] = [
    ...filesUnder(
      path.join(root, "dist"),
      (file) =>
        (file.startsWith("cli/") || file.startsWith("web/")) && !/\.map$|^cli\/(chunks\/)?demo\.cjs(\.v8)?$/.test(file),
    ).map((file) => copied(`${places.root}/dist/${file}`, path.join(root, "dist", file))),
    copied(`${places.root}/package.json`, path.join(root, "package.json")),
    ...["LICENSE"]
      .filter((file) => existsSync(path.join(root, file)))
      .map((file) => copied(`${places.root}/${file}`, path.join(root, file))),
  ];
  for (const [name, isNeeded] of Object.entries(parts)) {
    const folder = path.join(root, "node_modules", name);
    const files = existsSync(folder) ? filesUnder(folder, (file) => isNeeded(file, platform)) : [];
    if (files.length === 0)
      throw new IngotError("FILE_NOT_FOUND", {
        what: `the dependency ${name} is not installed`,
        where: folder,
        fix: "run `npm ci --ignore-scripts` first",
      });
    entries.push(
      ...files.map((file) => copied(`${places.root}/node_modules/${name}/${file}`, path.join(folder, file))),
    );
  }
  return entries;
}

function filesUnder(folder: string, isWanted: (file: string) => boolean): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/"))
    .filter(isWanted)
    .sort();
}

function copied(to: string, file: string): TarEntry {
  return { kind: "file", path: to, content: { file } };
}
