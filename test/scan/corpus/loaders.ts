// Malicious files for one loader each: containers of PyTorch besides today's, serving archives, gadgets of libraries, documents.
import { callPickle, joined, op } from "./pickle_writer.ts";
import { latin1, type Sample, u32, u64 } from "./sample.ts";
import { tar, zip } from "./zip_writer.ts";

const evil = callPickle("os", "system");
const honest = joined(op.proto(2), op.emptyDict, op.stop);
/** Magic number, protocol version and machine, with which a checkpoint before PyTorch 1.6 begins. */
const streamStart = joined(
  Buffer.from("80028a0a6cfc9c46f9206aa850192e80024de9032e", "hex"),
  joined(op.proto(2), op.emptyDict, op.stop),
);
const noKeys = joined(op.proto(2), op.emptyList, op.stop);
const script = (data: Uint8Array, code: string) =>
  zip([
    { name: "m/data.pkl", bytes: data },
    { name: "m/constants.pkl", bytes: joined(op.proto(2), op.emptyTuple, op.stop) },
    { name: "m/code/__torch__.py", bytes: latin1(code) },
    { name: "m/version", bytes: latin1("3\n") },
  ]);

export function loaderSamples(): Sample[] {
  const rows: [name: string, technique: string, bytes: Uint8Array, expect: Sample["expect"]][] = [
    [
      "stream.pth",
      "CVE-2025-32434: the object of a checkpoint before PyTorch 1.6",
      joined(streamStart, evil, noKeys),
      "critical",
    ],
    ["stream-keys.pth", "the list of storages is the call", joined(streamStart, honest, evil), "critical"],
    ["stream-behind.pth", "a pickle behind the storages", joined(streamStart, honest, noKeys, evil), "unknown"],
    [
      "stream-huge.pth",
      "a storage of 2^62 elements",
      joined(
        streamStart,
        joined(
          op.proto(2),
          op.mark,
          op.text("storage"),
          op.global("torch", "FloatStorage"),
          op.text("k"),
          op.text("cpu"),
          latin1("K\x01"),
          op.tuple,
          latin1("Q"),
          op.stop,
        ),
        joined(op.proto(2), op.emptyList, op.text("k"), latin1("a"), op.stop),
        u64(2n ** 62n),
        u32(0),
      ),
      "medium",
    ],
    [
      "script-call.pt",
      "a call in data.pkl of a TorchScript program",
      script(evil, "class Net(Module):\n  pass\n"),
      "critical",
    ],
    [
      "script-type.pt",
      "a type of TorchScript where no program is, so that Python imports it",
      zip([
        { name: "m/data.pkl", bytes: callPickle("__torch__.os", "system") },
        { name: "m/version", bytes: latin1("3\n") },
      ]),
      "critical",
    ],
    [
      "package.pt",
      "torch.package: a module that is imported when it is loaded",
      zip([
        { name: "p/.data/extern_modules", bytes: latin1("os\n") },
        { name: "p/.data/version", bytes: latin1("6\n") },
        { name: "p/model/net.pkl", bytes: honest },
        { name: "p/model/__init__.py", bytes: latin1("import os\nos.system('echo')\n") },
      ]),
      "critical",
    ],
    [
      "exported.pt2",
      "torch.export: the sample inputs are a pickle with a call",
      zip([
        { name: "e/archive_format", bytes: latin1("pt2") },
        { name: "e/models/model.json", bytes: latin1('{"graph_module":{"graph":{"nodes":[]}}}') },
        {
          name: "e/data/sample_inputs/model.pt",
          bytes: zip([
            { name: "a/data.pkl", bytes: evil },
            { name: "a/version", bytes: latin1("3\n") },
          ]),
        },
      ]),
      "critical",
    ],
    [
      "exported-operator.pt2",
      "torch.export: an operator that a library registers",
      zip([
        { name: "e/archive_format", bytes: latin1("pt2") },
        {
          name: "e/models/model.json",
          bytes: latin1('{"graph_module":{"graph":{"nodes":[{"target":"torch.ops.evil.run.default"}]}}}'),
        },
      ]),
      "medium",
    ],
    [
      "mlflow.zip",
      "MLflow: a loader of the model's own",
      zip([
        { name: "MLmodel", bytes: latin1("flavors:\n  python_function:\n    loader_module: evil\n    code: code\n") },
      ]),
      "high",
    ],
    [
      "mlflow-trusted.tar",
      "GHSA-w582-9x45-8mpx: the model lists the types to trust",
      tar([{ name: "m/MLmodel", bytes: latin1("flavors:\n  sklearn:\n    skops_trusted_types: [os.system]\n") }]),
      "high",
    ],
    [
      "handler.mar",
      "TorchServe: a handler of the archive's own",
      zip([
        { name: "MAR-INF/MANIFEST.json", bytes: latin1('{"model":{"handler":"h.py:run","serializedFile":"m.pt"}}') },
        { name: "h.py", bytes: latin1("def run(data, context):\n    return data\n") },
      ]),
      "high",
    ],
    [
      "bento-model.tar",
      "BentoML: the model names the module that loads it",
      tar([
        { name: "model.yaml", bytes: latin1("name: m\nmodule: evil.loader\ncontext:\n  bentoml_version: 1.4.8\n") },
      ]),
      "high",
    ],
    [
      "keras-npz.keras",
      "the weights of a Keras archive are arrays of objects",
      zip([
        { name: "config.json", bytes: latin1('{"class_name":"Sequential","config":{"layers":[]}}') },
        { name: "metadata.json", bytes: latin1('{"keras_version":"3.8.0"}') },
        { name: "model.weights.npz", bytes: zip([{ name: "w.npy", bytes: objects(evil) }]) },
      ]),
      "critical",
    ],
    [
      "keras-vocabulary.json",
      "CVE-2025-12058: a vocabulary is read from this machine",
      keras({ vocabulary: "/etc/passwd" }),
      "high",
    ],
    [
      "keras-vocabulary-url.json",
      "CVE-2025-12058: or from the network",
      keras({ vocabulary: "http://localhost/v.txt" }),
      "high",
    ],
    ["keras-name.json", "CVE-2025-12638: a layer whose name is a path", keras({ name: "../../x" }), "high"],
    ["memmap.pkl", "a class of NumPy that creates files", callPickle("numpy", "memmap", "/tmp/ingot-test"), "high"],
    [
      "hdf-store.pkl",
      "a class of pandas that opens files",
      callPickle("pandas", "HDFStore", "/tmp/ingot-test"),
      "high",
    ],
    ["pool.pkl", "a class of CatBoost that reads files", callPickle("catboost.core", "Pool", "/etc/hostname"), "high"],
    [
      "entity.pmml",
      "XXE: an entity that reads a file",
      latin1(
        '<?xml version="1.0"?><!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/hostname">]><PMML version="4.4">&x;</PMML>',
      ),
      "high",
    ],
    [
      "entities.xml",
      "entities that grow without end",
      latin1('<!DOCTYPE net [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><net name="x" version="11">&b;</net>'),
      "unknown",
    ],
  ];
  return rows.map(([name, technique, bytes, expect]) => ({ name: `loader-${name}`, technique, bytes, expect }));
}

function keras(config: Record<string, unknown>): Buffer {
  const layer = { module: "keras.layers", class_name: "StringLookup", config, registered_name: null };
  return Buffer.from(
    JSON.stringify({
      module: "keras",
      class_name: "Sequential",
      config: { name: "s", layers: [layer] },
      registered_name: null,
    }),
  );
}

/** An array of objects, which is a pickle behind a header. */
function objects(pickle: Uint8Array): Buffer {
  const header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".padEnd(117, " ").concat("\n");
  return Buffer.concat([latin1("\x93NUMPY\x01\x00"), Buffer.from([header.length, 0]), latin1(header), pickle]);
}
