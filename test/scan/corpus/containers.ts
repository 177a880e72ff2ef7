// Malicious files inside archives, compressed streams and the layouts of PyTorch and joblib, and archives that are the attack themselves.
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { callPickle, joined, op, stackCallPickle } from "./pickle_writer.ts";
import { latin1, type Sample, u32, u64 } from "./sample.ts";
import { tar, type ZipMember, zip } from "./zip_writer.ts";

const evil = callPickle("os", "system");
const honest = joined(op.proto(2), op.emptyDict, op.stop);
const version: ZipMember = { name: "archive/version", bytes: latin1("3\n") };
const elf = Buffer.concat([latin1("\x7fELF\x02\x01\x01"), Buffer.alloc(57)]);

export function containerSamples(): Sample[] {
  const samples: Sample[] = [];
  const add = (name: string, technique: string, bytes: Uint8Array, needs: string, expect: Sample["expect"] = "high") =>
    samples.push({ name, technique, bytes, needs, expect });
  const data = (extra: Partial<ZipMember> = {}): ZipMember => ({ name: "archive/data.pkl", bytes: evil, ...extra });

  add("torch.pt", "PyTorch zip with a call in data.pkl", zip([data(), version]), "zip");
  add("torch-deflated.pt", "data.pkl deflated", zip([data({ deflate: true }), version]), "zip");
  add(
    "torch-odd-extension.pt",
    "CVE-2025-1889: the pickle has another extension",
    zip([{ name: "archive/data.pkl", bytes: honest }, { name: "archive/config.p", bytes: evil }, version]),
    "zip",
  );
  add(
    "torch-local-name.pt",
    "CVE-2025-1944: local and central name differ",
    zip([data({ local: { name: "archive/data.txt" } }), version]),
    "zip",
  );
  add("torch-flags.pt", "CVE-2025-1945: marked as encrypted", zip([data({ central: { flags: 1 } }), version]), "zip");
  add(
    "torch-local-flags.pt",
    "marked as encrypted in the local header only",
    zip([data({ local: { flags: 1 } }), version]),
    "zip",
  );
  add(
    "torch-both-flags.pt",
    "marked as encrypted in both headers",
    zip([data({ central: { flags: 1 }, local: { flags: 1 } }), version]),
    "zip",
  );
  add("torch-crc.pt", "CVE-2025-10156: wrong CRC", zip([data({ central: { crc: 1 } }), version]), "zip");
  add(
    "torch-crc-both.pt",
    "wrong CRC in both headers",
    zip([data({ central: { crc: 1 }, local: { crc: 1 } }), version]),
    "zip",
  );
  add(
    "torch-method.pt",
    "compression method that does not exist",
    zip([data({ central: { method: 97 } }), version]),
    "zip",
  );
  add("torch-size.pt", "sizes disagree", zip([data({ central: { size: 3 } }), version]), "zip");
  add(
    "torch-storage.pt",
    "pickle in a storage of PyTorch",
    zip([{ name: "archive/data.pkl", bytes: honest }, { name: "archive/data/0", bytes: evil }, version]),
    "zip",
  );
  add(
    "torch-constants.pt",
    "TorchScript: constants.pkl",
    zip([
      { name: "m/constants.pkl", bytes: evil },
      { name: "m/version", bytes: latin1("3\n") },
    ]),
    "zip",
  );
  add(
    "zip-prefix.pt",
    "a pickle before the zip",
    zip([{ name: "archive/data.pkl", bytes: honest }, version], { prefix: evil }),
    "zip",
  );
  add(
    "zip-suffix.pt",
    "a pickle behind the zip",
    zip([{ name: "archive/data.pkl", bytes: honest }, version], { suffix: evil }),
    "zip",
    "medium",
  );
  add(
    "zip-gap.pt",
    "a pickle between the members",
    zip([{ name: "archive/data.pkl", bytes: honest }, version], { gap: evil }),
    "zip",
    "medium",
  );
  const commented = (archive: Buffer, comment: Uint8Array, stated = comment.length) => {
    archive.writeUInt16LE(stated, archive.length - 2);
    return Buffer.concat([archive, comment]);
  };
  const plain = () => zip([{ name: "a.txt", bytes: latin1("hello\n") }]);
  add("zip-comment.zip", "a pickle as the comment", commented(plain(), evil), "zip");
  add(
    "zip-comment-zip.zip",
    "a second zip in the comment, whose own comment does not fit",
    commented(plain(), commented(zip([{ name: "model.pkl", bytes: evil }]), new Uint8Array(), 0xffff)),
    "zip",
  );
  add(
    "zip-link-content.zip",
    "a pickle marked as a link",
    zip([{ name: "model.pkl", bytes: evil, central: { mode: 0o120777 } }]),
    "zip",
  );
  const storage = (name: string, bytes: Uint8Array) =>
    zip([
      { name: "m/data.pkl", bytes: honest },
      { name: "m/version", bytes: latin1("3\n") },
      { name, bytes },
    ]);
  add(
    "torch-storage-name.pt",
    "a pickle as a storage that is called data.pkl",
    storage("m/data/data.pkl", evil),
    "zip",
  );
  add(
    "torch-storage-zip.pt",
    "a zip with a pickle as a storage",
    storage("m/data/0", zip([{ name: "model.pkl", bytes: evil }])),
    "zip",
  );
  add(
    "tar-folder-size.tar",
    "a pickle in the size of a folder",
    folderWithSize(tar([{ name: "evil.pkl", bytes: evil }])),
    "tar",
  );
  add("zip-elf-prefix.zip", "a program before the zip", zip([version], { prefix: elf }), "executable");
  add(
    "zip-overlap.zip",
    "two members share their bytes",
    zip([data(), { name: "b", bytes: evil, central: { offset: 0 } }]),
    "zip",
  );
  add(
    "zip-duplicate.zip",
    "two members of one name",
    zip([
      { name: "a", bytes: honest },
      { name: "a", bytes: evil },
    ]),
    "zip",
  );
  add(
    "zip-slip.zip",
    "a member that leaves the folder",
    zip([{ name: "../../etc/ingot-test", bytes: latin1("x\n") }]),
    "zip",
  );
  add(
    "zip-absolute.zip",
    "a member with an absolute path",
    zip([{ name: "/etc/ingot-test", bytes: latin1("x\n") }]),
    "zip",
  );
  add(
    "zip-backslash.zip",
    "a member that leaves the folder on Windows",
    zip([{ name: "..\\ingot-test", bytes: latin1("x\n") }]),
    "zip",
  );
  add(
    "zip-link.zip",
    "a link among the members",
    zip([{ name: "link", bytes: latin1("/etc/hostname"), central: { mode: 0o120777 } }]),
    "zip",
  );
  add(
    "zip-nested.zip",
    "zip in zip in zip",
    zip([{ name: "a.zip", bytes: zip([{ name: "b.zip", bytes: zip([{ name: "c.pkl", bytes: evil }]) }]) }]),
    "zip",
  );
  add(
    "zip-bomb.zip",
    "200 MB of zeros in 200 kB",
    zip([{ name: "zeros", bytes: Buffer.alloc(200 << 20), deflate: true }]),
    "zip",
  );
  add(
    "model.mar",
    "TorchServe archive with a pickle",
    zip([
      { name: "MAR-INF/MANIFEST.json", bytes: latin1('{"model":{"serializedFile":"m.pt"}}') },
      { name: "m.pt", bytes: evil },
    ]),
    "zip",
  );
  add("weights.npz", "npz with an object array", zip([{ name: "a.npy", bytes: npy(evil) }]), "zip");
  add("objects.npy", "object array", npy(evil), "numpy");
  add("objects-stack.npy", "object array, protocol 4", npy(stackCallPickle("posix", "system")), "numpy");
  add(
    "header-code.npy",
    "Python in the header of npy",
    npy(Buffer.alloc(8), "{'descr': __import__('os').system('echo'), 'fortran_order': False, 'shape': (1,)}"),
    "numpy",
  );
  add("model.joblib.gz", "joblib, gzip", gzipSync(evil), "gzip");
  add("model.joblib.z", "joblib, zlib", deflateSync(evil), "zlib");
  add("model.joblib.zst", "zstd", zstdCompressSync(evil), "zstd");
  add("model.br", "brotli, which has no magic number", brotliCompressSync(evil), "brotli", "unknown");
  add("model.joblib.gz.gz", "gzip in gzip", gzipSync(gzipSync(evil)), "gzip");
  add(
    "gzip-members.gz",
    "the call in the second gzip member",
    Buffer.concat([gzipSync(honest), gzipSync(evil)]),
    "gzip",
  );
  add("gzip-bomb.gz", "400 MB of zeros in gzip", gzipSync(Buffer.alloc(400 << 20)), "gzip", "unknown");
  add("gzip-crc.gz", "gzip with a wrong CRC", Buffer.concat([gzipSync(evil).subarray(0, -8), u64(0)]), "gzip");
  add(
    "zfile.joblib",
    "the ZF format of old joblib",
    Buffer.concat([latin1("ZF0x"), latin1(evil.length.toString(16).padEnd(17)), deflateSync(evil)]),
    "zf",
  );
  add(
    "legacy.tar",
    "legacy tar of PyTorch",
    tar([
      { name: "sys_info", bytes: honest },
      { name: "pickle", bytes: evil },
      { name: "storages", bytes: honest },
      { name: "tensors", bytes: honest },
    ]),
    "tar",
  );
  add("tar-slip.tar", "an entry that leaves the folder", tar([{ name: "../ingot-test", bytes: latin1("x\n") }]), "tar");
  add(
    "tar-link.tar",
    "a link, then an entry through it",
    tar([
      { name: "a", type: "2", link: "/tmp" },
      { name: "a/ingot-test", bytes: latin1("x\n") },
    ]),
    "tar",
  );
  add(
    "tar-hard-link.tar",
    "a hard link out of the folder",
    tar([{ name: "a", type: "1", link: "../../etc/hostname" }]),
    "tar",
  );
  add("tar-device.tar", "a device", tar([{ name: "null", type: "3" }]), "tar");
  add(
    "model.tar.gz",
    "NeMo-like: tar in gzip with a pickle",
    gzipSync(tar([{ name: "model.ckpt", bytes: evil }])),
    "gzip",
  );
  add(
    "model.7z",
    "7z, which PyTorch's users unpack by hand (nullifAI)",
    Buffer.concat([Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4]), Buffer.alloc(24), evil]),
    "7z",
    "unknown",
  );
  add(
    "legacy.pt",
    "legacy PyTorch: magic, version, info, then the call",
    joined(
      op.proto(2),
      Buffer.from([0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]),
      op.stop,
      op.proto(2),
      latin1("M"),
      Buffer.from([0xe9, 3]),
      op.stop,
      honest,
      evil,
    ),
    "pickle",
  );
  return samples;
}

/** A `.npy` file of version 1. */
function npy(content: Uint8Array, header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"): Buffer {
  const padded = `${header.padEnd(117)}\n`;
  return Buffer.concat([latin1("\x93NUMPY\x01\x00"), u32(padded.length).subarray(0, 2), latin1(padded), content]);
}

/** A folder whose header claims the members behind it as content: some readers skip them, others do not. */
function folderWithSize(members: Buffer): Buffer {
  const header = tar([{ name: "d/", type: "5" }]).subarray(0, 512);
  header.write(`${(members.length - 1024).toString(8).padStart(11, "0")}\0`, 124, "latin1");
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return Buffer.concat([header, members]);
}
