import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { IngotError } from "../../core/index.ts";
import { command, positional, value } from "../command.ts";
import { size } from "../render.ts";
import { version } from "../version.ts";

/** Highest level of each. */
const compressions = { gzip: 9, zstd: 22, none: 0 } as const;

export default command({
  name: "export",
  about: "Make a package into something that runs elsewhere: an OCI image that serves it, without Docker",
  examples: [
    "ingot export flight-delay --target image --output flight-delay-image",
    "ingot export flight-delay:1.0.0 --target image --base debian:12-slim --push registry.example.com/models/flight-delay:1.0.0",
  ],
  args: {
    ref: positional("package"),
    target: value("image", "what to make; image: an OCI image layout and files that start it"),
    output: value("folder", "default: <name>-image here; it must not exist yet", "o"),
    base: value("image", "what the image is built on: none (default), oci:folder:tag, or an image of a registry"),
    tar: value("file", "also writes the layout as one file, for `docker load` and `podman load`"),
    push: value("host/name:tag", "also uploads it"),
    compression: value(
      "gzip|zstd|none[:level]",
      "of the layers; default gzip, which every registry and runtime takes; zstd:19 is smallest",
    ),
  },
  async run({ ref, target, output, base, tar, push, compression = "gzip" }, io) {
    if (target !== "image")
      throw new IngotError("USAGE", {
        what: target === undefined ? "`--target` is missing" : `there is no target \`${target}\``,
        where: "ingot export",
        fix: "--target image",
      });
    const packing = packingOf(compression);
    const [{ deployFiles, exportImage, kubernetesName, packLayout, pushImage }, { parseReference }] = await Promise.all(
      [import("../../edge/index.ts"), import("../../package/index.ts")],
    );
    const { name } = parseReference(ref);
    const folder = path.resolve(io.cwd, output ?? `${kubernetesName(name)}-image`);
    const image = await exportImage(ref, await io.openStore(), path.join(folder, "layout"), {
      base: base ?? "none",
      ...packing,
      version,
    });
    const tag = image.reference.split(":").at(-1)!;
    const files = deployFiles({ image: push ?? `${kubernetesName(name)}:${tag}`, name, version: tag });
    await mkdir(folder, { recursive: true });
    for (const [file, text] of Object.entries(files)) await writeFile(path.join(folder, file), text);
    if (tar !== undefined) await packLayout(image.folder, path.resolve(io.cwd, tar));
    if (push !== undefined) await pushImage(image, push);
    const { manifest: _manifest, ...shown } = image;
    io.result({ ...shown, files: Object.keys(files), ...(push === undefined ? {} : { pushed: push }) }, () =>
      [
        `${image.reference} for ${image.platform.os}/${image.platform.architecture}, on ${image.base === "none" ? "no base" : image.base}`,
        `  digest   ${image.digest}`,
        `  size     ${size(image.size)} (${Object.entries(image.layers)
          .map(([layer, bytes]) => `${layer} ${size(bytes)}`)
          .join(", ")})`,
        `  layout   ${path.relative(io.cwd, image.folder) || "."}`,
        `  files    ${Object.keys(files).join(", ")}`,
        ...(tar === undefined ? [] : [`  tar      ${tar}`]),
        ...(push === undefined ? [] : [`  pushed   ${push}`]),
      ].join("\n"),
    );
  },
});

/** @throws IngotError USAGE */
function packingOf(text: string): { compression: keyof typeof compressions; level?: number } {
  const [, name = "", digits] = /^(\w+)(?::(\d{1,2}))?$/.exec(text) ?? [];
  const level = Number(digits ?? Number.NaN);
  if (Object.hasOwn(compressions, name)) {
    const compression = name as keyof typeof compressions;
    if (digits === undefined) return { compression };
    if (level >= 1 && level <= compressions[compression]) return { compression, level };
  }
  throw new IngotError("USAGE", {
    what: `\`${text}\` is no compression`,
    where: "--compression",
    fix: "gzip, zstd or none; gzip:1 to gzip:9, zstd:1 to zstd:22",
  });
}
