// Whether bytes are an ONNX model: protobuf has no magic number, so the fields themselves must be those of ModelProto.

/** Wire types of ModelProto's fields up to local functions: 0 a number, 2 text or a message. */
const wires: Readonly<Record<number, number>> = {
  1: 0,
  2: 2,
  3: 2,
  4: 2,
  5: 0,
  6: 2,
  7: 2,
  8: 2,
  14: 2,
  20: 2,
  25: 2,
  26: 2,
};
/** Fields that GraphProto begins with, whichever writer made it. */
const graphTags = new Set([1, 2, 5, 10, 11, 12, 13, 14, 15, 16].map((field) => field * 8 + 2));
const graphField = 7;

/** True when the head holds an IR version and a graph, and nothing that ModelProto does not have. */
export function isOnnx(head: Uint8Array, size: number): boolean {
  let at = 0;
  let irVersion = 0;
  while (at < head.length) {
    const tag = varint(head, at);
    if (!tag) return false;
    const field = Math.floor(tag.value / 8);
    const wire = tag.value % 8;
    if (wires[field] !== wire) return false;
    const value = varint(head, tag.end);
    if (!value) return false;
    if (field === 1) irVersion = value.value;
    if (wire === 2 && value.value > size - value.end) return false;
    if (field === graphField) {
      // Some writers put the IR version behind the graph: then the graph must look like one.
      const isGraph = value.value > 0 && value.end < head.length && graphTags.has(head[value.end]!);
      return isGraph && (irVersion > 0 ? irVersion < 100 : looksLikeNode(head, value.end));
    }
    at = wire === 2 ? value.end + value.value : value.end;
  }
  return false;
}

/** Field 1 of a graph is a node, which begins with an input, an output, a name or an operator. */
function looksLikeNode(head: Uint8Array, at: number): boolean {
  const length = head[at] === 0x0a ? varint(head, at + 1) : null;
  return length !== null && [0x0a, 0x12, 0x1a, 0x22].includes(head[length.end] ?? 0);
}

/** A varint below 2^49; null when it is cut off or longer. */
function varint(bytes: Uint8Array, start: number): { value: number; end: number } | null {
  let value = 0;
  for (let i = 0; i < 7; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) return null;
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { value, end: start + i + 1 };
  }
  return null;
}
