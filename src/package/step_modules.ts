// Modules of custom steps become files of the package: bundled with what they import, so that nothing is resolved when a package is opened.
// The same sources give the same bytes: no path of this machine is in a bundle, and what comes from npm must be locked.
import { readFile, realpath } from "node:fs/promises";
import path from "node:path";
import { IngotError, quoted } from "../core/index.ts";
import { bundlePath } from "../pipeline/index.ts";
import type { ParsedProject } from "./project.ts";
import { packagePath, projectFile } from "./project_files.ts";

/** A sandbox that reads more takes long to open for each record. */
const largestBundle = 2 ** 21;

/** @returns bundles and their source maps, by their path in the package. @throws IngotError PIPELINE_INVALID, FILE_NOT_FOUND, PATH_UNSAFE */
export async function bundleModules(folder: string, { steps }: ParsedProject): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const sources = new Map<string, string>();
  for (const declared of [...steps.before, ...steps.after])
    for (const module of declared.step.modules?.(declared.options) ?? []) {
      const where = declared.where(["module"]);
      const target = bundlePath(module);
      if (sources.get(target) === module) continue;
      if (sources.has(target))
        throw new IngotError("PIPELINE_INVALID", {
          what: `${quoted(module)} and ${quoted(sources.get(target))} would both be ${target} in the package`,
          where,
          fix: "rename one of them",
        });
      sources.set(target, module);
      await projectFile(folder, module, where);
      const { code, map } = await bundled(await realpath(folder), packagePath(module), where);
      files.set(target, Buffer.from(code));
      files.set(`${target}.map`, Buffer.from(map));
    }
  return files;
}

async function bundled(folder: string, module: string, where: string): Promise<{ code: string; map: string }> {
  const { rolldown } = await import("rolldown");
  const refused: string[] = [];
  try {
    const bundle = await rolldown({
      cwd: folder,
      input: `./${module}`,
      platform: "neutral",
      tsconfig: false,
      resolve: { mainFields: ["module", "main"], conditionNames: ["import", "default"] },
      logLevel: "silent",
      onLog(_level, { code, message }) {
        if (code === "UNRESOLVED_IMPORT") refused.push(message);
      },
      plugins: [
        {
          name: "nothing-outside",
          resolveId(source) {
            if (source.startsWith("node:")) throw new Error(`imports ${quoted(source)}, which a sandbox does not have`);
            return null;
          },
          load(id) {
            if (!id.startsWith("\0") && !isInside(folder, id))
              throw new Error(`imports ${quoted(path.basename(id))} from outside of the project`);
            return null;
          },
        },
      ],
    });
    try {
      const { output } = await bundle.generate({ format: "esm", sourcemap: true, minify: false, codeSplitting: false });
      const [chunk] = output;
      if (refused.length > 0) throw new Error(refused[0]!.split("\n")[0]);
      await checkSources(folder, chunk.moduleIds);
      if (output.length > 2 || chunk.imports.length > 0 || chunk.dynamicImports.length > 0)
        throw new Error(`imports what cannot be bundled: ${[...chunk.imports, ...chunk.dynamicImports].join(", ")}`);
      if (chunk.code.length > largestBundle)
        throw new Error(`is ${chunk.code.length} characters with what it imports, at most ${largestBundle}`);
      const { sources, mappings } = chunk.map!;
      const map = {
        version: 3,
        sources: sources.map((source) => source.replaceAll("\\", "/").replace(/^(\.\.\/)+/, "")),
        names: [],
        mappings,
      };
      return { code: chunk.code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"), map: `${JSON.stringify(map)}\n` };
    } finally {
      await bundle.close();
    }
  } catch (cause) {
    if (cause instanceof IngotError) throw cause;
    const lines = (cause instanceof Error ? cause.message : String(cause)).replaceAll(folder, "").split("\n");
    const said = lines.filter((text) => text.trim() !== "" && !text.startsWith("Build failed")).slice(0, 3);
    throw new IngotError("PIPELINE_INVALID", {
      what: `${quoted(module)} cannot be bundled: ${said
        .map((text) => text.trim())
        .join(" ")
        .slice(0, 300)}`,
      where,
      fix: "a custom step is a module of plain functions; install what it imports beside ingot.yaml",
      cause,
    });
  }
}

/** What npm installed is what its lock file says. */
async function checkSources(folder: string, ids: readonly string[]): Promise<void> {
  let lock: Readonly<Record<string, { version?: string }>> | null = null;
  for (const id of ids) {
    // Rolldown's own helpers.
    if (id.startsWith("\0")) continue;
    const relative = path.relative(folder, id).split(path.sep).join("/");
    const installed = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(relative)?.[0];
    if (installed === undefined) continue;
    lock ??= await lockOf(folder);
    const { version } = JSON.parse(await readFile(path.join(folder, installed, "package.json"), "utf8")) as {
      version?: string;
    };
    const locked = lock[installed]?.version;
    if (locked !== version)
      throw new Error(
        `imports ${installed} ${version}, and package-lock.json ${locked === undefined ? "does not know it" : `says ${locked}`}`,
      );
  }
}

function isInside(folder: string, id: string): boolean {
  const relative = path.relative(folder, id);
  return !relative.startsWith("..") && !path.isAbsolute(relative);
}

async function lockOf(folder: string): Promise<Readonly<Record<string, { version?: string }>>> {
  const text = await readFile(path.join(folder, "package-lock.json"), "utf8").catch(() => {
    throw new Error("imports from node_modules, and there is no package-lock.json beside ingot.yaml");
  });
  return (JSON.parse(text) as { packages?: Record<string, { version?: string }> }).packages ?? {};
}
