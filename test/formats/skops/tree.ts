// A zip of stored members as a tree, the way skops writes it: enough for its tests.
import { memoryFile, type Tree } from "../../../src/formats/index.ts";

export function storedZip(bytes: Uint8Array, name: string): Tree {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const members = new Map<string, Uint8Array>();
  let at = view.getUint32(bytes.length - 6, true);
  while (view.getUint32(at, true) === 0x0201_4b50) {
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [
      number,
      number,
      number,
    ];
    const size = view.getUint32(at + 20, true);
    const local = view.getUint32(at + 42, true);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    members.set(
      Buffer.from(bytes.subarray(at + 46, at + 46 + nameLength)).toString(),
      bytes.subarray(start, start + size),
    );
    at += 46 + nameLength + extra + comment;
  }
  return treeOf(members, name);
}

export function treeOf(members: ReadonlyMap<string, Uint8Array>, name: string): Tree {
  return {
    name,
    container: "zip",
    entries: [...members].map(([path, content]) => ({ path, size: content.length, kind: "file" as const })),
    async open(path) {
      const content = members.get(path);
      if (!content) throw new Error(`no member ${path}`);
      return memoryFile(content, path);
    },
    async [Symbol.asyncDispose]() {},
  };
}
