import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { digest } from "../../src/core/index.ts";
import { type Manifest, parseManifest } from "../../src/oci/index.ts";
import { fileSetDigest, kindOf, type PackageFile } from "../../src/package/file_set.ts";
import { filesOf, inLayerOrder, modelPackConfig, modelPackManifest } from "../../src/package/model_pack.ts";

const identity = { name: "income", version: "1.2.0", description: "who earns what", license: "Apache-2.0" };
const file = (path: string, kind: PackageFile["kind"]): PackageFile => ({
  path,
  kind,
  digest: digest(path),
  size: path.length,
});
const files = inLayerOrder([
  file("README.md", "doc"),
  file("ingot.json", "weight.config"),
  file("environment/requirements.txt", "code"),
  file("model.onnx", "weight"),
  file("examples.jsonl", "dataset"),
  file("a.bin", "weight.config"),
  file("certificate.json", "doc"),
]);
const config = modelPackConfig(identity, files);
const bytes = modelPackManifest(identity, { digest: digest(config), size: config.length }, files);
const manifest = JSON.parse(Buffer.from(bytes).toString()) as Manifest;

/** The facts of modelpack/model-spec docs/config.md as a closed schema. */
const text = { type: "string", minLength: 1 };
const texts = { type: "array", items: text };
const closed = (properties: Record<string, unknown>, required: string[] = []) => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});
const modalities = { type: "array", items: { enum: ["text", "image", "audio", "video", "embedding", "other"] } };
const configSchema = closed(
  {
    descriptor: closed({
      createdAt: { type: "string", format: "date-time" },
      ...Object.fromEntries(
        ["family", "name", "docURL", "sourceURL", "version", "revision", "vendor", "title", "description"].map(
          (key) => [key, text],
        ),
      ),
      authors: texts,
      datasetsURL: texts,
      licenses: texts,
    }),
    config: closed({
      ...Object.fromEntries(
        ["architecture", "format", "paramSize", "precision", "quantization"].map((key) => [key, text]),
      ),
      capabilities: closed({
        inputTypes: modalities,
        outputTypes: modalities,
        knowledgeCutoff: { type: "string" },
        reasoning: { type: "boolean" },
        toolUsage: { type: "boolean" },
        reward: { type: "boolean" },
        languages: { type: "array", items: { type: "string", pattern: "^[a-z]{2}$" } },
      }),
    }),
    modelfs: closed(
      {
        type: { const: "layers" },
        diffIds: { type: "array", minItems: 1, items: { type: "string", pattern: "^sha256:[0-9a-f]{64}$" } },
      },
      ["type", "diffIds"],
    ),
  },
  ["descriptor", "config", "modelfs"],
);

test("the config is a strict ModelPack config, without a date", () => {
  const value = JSON.parse(Buffer.from(config).toString());
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(configSchema);
  expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
  expect(value.descriptor).toEqual({
    name: "income",
    version: "1.2.0",
    description: "who earns what",
    licenses: ["Apache-2.0"],
  });
  expect(value.modelfs.diffIds).toEqual(files.map((item) => item.digest));
});

test("the manifest: one raw layer per file, both names on each, in order of kind and path", () => {
  expect(manifest.artifactType).toBe("application/vnd.cncf.model.manifest.v1+json");
  expect(manifest.config.mediaType).toBe("application/vnd.cncf.model.config.v1+json");
  expect(manifest.layers.map((layer) => [layer.mediaType, layer.annotations])).toEqual(
    [
      ["weight", "model.onnx"],
      ["weight.config", "a.bin"],
      ["weight.config", "ingot.json"],
      ["code", "environment/requirements.txt"],
      ["dataset", "examples.jsonl"],
      ["doc", "README.md"],
      ["doc", "certificate.json"],
    ].map(([kind, path]) => [
      `application/vnd.cncf.model.${kind}.v1.raw`,
      { "org.cncf.model.filepath": path, "org.opencontainers.image.title": path },
    ]),
  );
  expect(filesOf(parseManifest(bytes, "manifest"), "manifest")).toEqual(files);
});

test("the Kitfile's entries pair with the layers, in order per kind", () => {
  const kitfile = JSON.parse(manifest.annotations!["ml.kitops.modelkit.kitfile"]!);
  const paths = (kind: string) =>
    manifest.layers
      .filter((layer) => layer.mediaType.endsWith(`.${kind}.v1.raw`))
      .map((layer) => ({ path: layer.annotations!["org.cncf.model.filepath"] }));
  expect(manifest.layers.filter((layer) => layer.mediaType.endsWith(".weight.v1.raw"))).toHaveLength(1);
  expect(kitfile.model.path).toBe("model.onnx");
  expect(kitfile.model.parts).toEqual(paths("weight.config"));
  expect(kitfile.code).toEqual(paths("code"));
  expect(kitfile.datasets).toEqual(paths("dataset"));
  expect(kitfile.docs).toEqual(paths("doc"));
});

test("the file-set digest is that of sorted sha256sum lines, in any order of files", () => {
  const lines = files.map((item) => `${item.digest.slice(7)}  ${item.path}\n`).sort();
  expect(fileSetDigest(files)).toBe(digest(lines.join("")));
  expect(fileSetDigest([...files].reverse())).toBe(fileSetDigest(files));
});

const hostile: [name: string, change: (layer: Record<string, unknown>) => unknown, message: RegExp][] = [
  ["no path", (layer) => ({ ...layer, annotations: {} }), /no org\.cncf\.model\.filepath/],
  ["a tar", (layer) => ({ ...layer, mediaType: "application/vnd.cncf.model.weight.v1.tar" }), /not one raw file/],
  [
    "escape",
    (layer) => ({ ...layer, annotations: { "org.cncf.model.filepath": "../../etc/passwd" } }),
    /leaves its folder/,
  ],
  ["absolute", (layer) => ({ ...layer, annotations: { "org.cncf.model.filepath": "/etc/passwd" } }), /is absolute/],
  ["collision", (layer) => ({ ...layer, annotations: { "org.cncf.model.filepath": "INGOT.json" } }), /collide/],
];
test.each(hostile)("a manifest with %s is refused", (_name, change, message) => {
  const layers = [change(manifest.layers[0] as unknown as Record<string, unknown>), ...manifest.layers.slice(1)];
  const bad = Buffer.from(JSON.stringify({ ...manifest, layers }));
  expect(() => filesOf(parseManifest(bad, "m"), "m")).toThrow(message);
});

test("kinds of declared files", () => {
  const rows: [path: string, kind: string][] = [
    ["README.md", "doc"],
    ["docs/LICENSE", "doc"],
    ["train.py", "code"],
    ["data/x.csv", "dataset"],
    ["model.pkl", "weight.config"],
    ["tokenizer.json", "weight.config"],
  ];
  for (const [path, kind] of rows) expect(kindOf(path), path).toBe(kind);
});
