// A package as an image that any container runtime starts: base, Node and its libraries, Ingot, the package; one layer each. A function of
// its inputs: the same files give the same digest.
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { type Digest, IngotError } from "../../core/index.ts";
import { type Descriptor, parseImageReference, RemoteRepository, type Store } from "../../oci/index.ts";
import { openPackage, resolveReference } from "../../package/index.ts";
import { type BaseImage, openBase } from "./base.ts";
import { type Compression, ImageLayout, type Layer } from "./layout.ts";
import { packageFiles } from "./package_files.ts";
import { withoutSections } from "./program.ts";
import { installation, type Platform, places, runtimeFiles } from "./runtime_files.ts";
import { sharedLibraries } from "./shared_libraries.ts";
import { type TarEntry, tar } from "./tar.ts";

export interface ImageOptions {
  /** `none` brings the shared libraries of this machine; `oci:folder:tag`; or an image of a registry. It needs glibc and libstdc++. */
  readonly base: string;
  /** Default gzip. */
  readonly compression?: Compression;
  /** Of the compression: 1 to 9 for gzip (6), 1 to 22 for zstd (3). */
  readonly level?: number;
  /** The Node that goes into the image, for its platform. Default: the one that runs this. */
  readonly node?: string;
  /** Version of Ingot. */
  readonly version: string;
}

export interface ExportedImage {
  readonly digest: Digest;
  readonly reference: string;
  readonly platform: Platform;
  readonly base: string;
  /** Bytes of each layer as it is stored, by what it holds. */
  readonly layers: Readonly<Record<string, number>>;
  readonly size: number;
  readonly manifest: Descriptor;
  readonly folder: string;
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";
const configType = "application/vnd.oci.image.config.v1+json";
/** Nobody in particular, and not root: as in Google's distroless images. */
const user = "65532:65532";

/** The platform of this machine. @throws IngotError RUNTIME_UNSUPPORTED */
export function platformHere(): Platform {
  const architecture = { x64: "amd64", arm64: "arm64" }[process.arch as string] as Platform["architecture"] | undefined;
  if (process.platform === "linux" && architecture) return { os: "linux", architecture };
  throw new IngotError("RUNTIME_UNSUPPORTED", {
    what: `images are made on Linux for its own processor, this is ${process.platform}/${process.arch}`,
    fix: "run this on a Linux machine of the platform that the image is for",
  });
}

/**
 * Writes an OCI image layout with one image.
 * @param folder must not exist yet
 * @throws IngotError PACKAGE_NOT_FOUND, PACKAGE_CORRUPT, and what bases and dependencies lack
 */
export async function exportImage(
  reference: string,
  store: Store,
  folder: string,
  options: ImageOptions,
): Promise<ExportedImage> {
  if (existsSync(folder))
    throw new IngotError("PACKAGE_EXISTS", {
      what: "is there already",
      where: folder,
      fix: "name another folder, or remove it",
    });
  const platform = platformHere();
  const entry = await resolveReference(reference, store);
  const pkg = await openPackage(`${entry.name}:${entry.version}@${entry.digest}`, store);
  const base = await openBase(options.base, platform);
  const packing = { compression: options.compression ?? "gzip", level: options.level } as const;
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  try {
    const layout = await ImageLayout.create(partial);
    for (const layer of base.layers) await layout.addBlob(base.layer(layer.digest), layer.digest);
    const root = installation();
    const layers: Record<string, Layer> = {
      node: await layout.addLayer(
        tar(await nodeFiles(options.node ?? process.execPath, root, base, platform)),
        packing,
      ),
      ingot: await layout.addLayer(tar(runtimeFiles(root, platform)), packing),
      package: await layout.addLayer(tar(await packageFiles(entry, store)), packing),
    };
    const added = Object.values(layers);
    const title = `${entry.name}:${entry.version}`;
    const annotations = {
      "org.opencontainers.image.title": entry.name,
      "org.opencontainers.image.version": entry.version,
      "ingot.package": entry.digest,
      ...(pkg.description.description ? { "org.opencontainers.image.description": pkg.description.description } : {}),
      ...(pkg.description.license ? { "org.opencontainers.image.licenses": pkg.description.license } : {}),
      ...(base.digest === null
        ? {}
        : { "org.opencontainers.image.base.name": base.name, "org.opencontainers.image.base.digest": base.digest }),
    };
    const config = await layout.addJson(configType, {
      created: "1970-01-01T00:00:00Z",
      architecture: platform.architecture,
      os: platform.os,
      config: {
        User: user,
        ExposedPorts: { "8080/tcp": {}, "8081/tcp": {} },
        Env: [
          ...base.environment.filter((one) => !one.startsWith("INGOT_HOME=")),
          "INGOT_HOME=/ingot",
          "ORT_DISABLE_TELEMETRY=1",
        ],
        Entrypoint: [`/${places.node}`, `/${places.root}/dist/cli/main.cjs`],
        Cmd: ["serve", title, "--host", "0.0.0.0"],
        WorkingDir: "/",
        Labels: annotations,
        StopSignal: "SIGTERM",
      },
      rootfs: { type: "layers", diff_ids: [...base.diffIds, ...added.map(({ diffId }) => diffId)] },
      history: [
        ...base.diffIds.map(() => ({ created: "1970-01-01T00:00:00Z", created_by: `base ${base.name}` })),
        ...Object.keys(layers).map((name) => ({
          created: "1970-01-01T00:00:00Z",
          created_by: `ingot ${options.version}: ${name}`,
        })),
      ],
    });
    const descriptors = [...base.layers, ...added.map(({ descriptor }) => descriptor)];
    const manifest = await layout.addJson(manifestType, {
      schemaVersion: 2,
      mediaType: manifestType,
      config,
      layers: descriptors,
      annotations,
    });
    await layout.finish([
      { ...manifest, platform, annotations: { "org.opencontainers.image.ref.name": entry.version } } as Descriptor,
    ]);
    await mkdir(path.dirname(path.resolve(folder)), { recursive: true });
    await rename(partial, folder);
    const sizes = Object.fromEntries(Object.entries(layers).map(([name, { descriptor }]) => [name, descriptor.size]));
    const baseSize = base.layers.reduce((sum, { size }) => sum + size, 0);
    return {
      digest: manifest.digest,
      reference: title,
      platform,
      base: base.name,
      layers: { ...(base.digest === null ? {} : { base: baseSize }), ...sizes },
      size: descriptors.reduce((sum, { size }) => sum + size, 0) + config.size + manifest.size,
      manifest,
      folder,
    };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** Node, and where there is no base the libraries that it and the native runtime load, with the two files that name the user. */
async function nodeFiles(node: string, root: string, base: BaseImage, platform: Platform): Promise<TarEntry[]> {
  const content = await withoutSections(node);
  const program: TarEntry = { kind: "file", path: places.node, content, isExecutable: true };
  if (base.digest !== null) return [program];
  const native = path.join(
    root,
    "node_modules",
    "onnxruntime-node",
    "bin",
    "napi-v6",
    "linux",
    platform.architecture === "amd64" ? "x64" : "arm64",
  );
  const programs = [node, path.join(native, "onnxruntime_binding.node"), path.join(native, "libonnxruntime.so.1")];
  const libraries = await sharedLibraries(programs, [native]);
  return [
    program,
    ...[...libraries].map(
      ([place, file]): TarEntry => ({ kind: "file", path: place.slice(1), content: { file }, isExecutable: true }),
    ),
    {
      kind: "file",
      path: "etc/passwd",
      content: Buffer.from("root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n"),
    },
    { kind: "file", path: "etc/group", content: Buffer.from("root:x:0:\nnonroot:x:65532:\n") },
    // Where runtimes mount what they bring; they cannot make them in a root that is read-only.
    ...["dev", "proc", "sys", "tmp"].map((folder): TarEntry => ({ kind: "folder", path: folder })),
  ];
}

/** A layout as one file, as `docker load`, `podman load` and `skopeo copy oci-archive:` take it. */
export async function packLayout(folder: string, file: string): Promise<void> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const entries = found
    .filter((entry) => entry.isFile())
    .map((entry): TarEntry => {
      const absolute = path.join(entry.parentPath, entry.name);
      return {
        kind: "file",
        path: path.relative(folder, absolute).replaceAll(path.sep, "/"),
        content: { file: absolute },
      };
    });
  await pipeline(tar(entries), createWriteStream(file));
}

/** Uploads an exported image. @throws IngotError REFERENCE_INVALID, REMOTE_FAILED */
export async function pushImage(image: ExportedImage, name: string): Promise<void> {
  const remote = new RemoteRepository(parseImageReference(name));
  const blob = (digest: Digest) => path.join(image.folder, "blobs", ...digest.split(":"));
  const bytes = await readFile(blob(image.digest));
  const { config, layers } = JSON.parse(bytes.toString("utf8")) as { config: Descriptor; layers: Descriptor[] };
  for (const { digest, size } of [...layers, config])
    await remote.pushBlob(digest, size, () => createReadStream(blob(digest)));
  await remote.pushManifest(remote.reference.tag, manifestType, bytes);
}
