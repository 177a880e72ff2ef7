// Whether bytes are TensorFlow's messages: protobuf has no magic number, so the first fields must be theirs.

/** SavedModel: the schema version (field 1, always 1), then a MetaGraphDef that begins with its information. */
export function isSavedModel(head: Uint8Array, size: number): boolean {
  if (head[0] !== 0x08 || head[1] !== 0x01 || head[2] !== 0x12) return false;
  const length = varint(head, 3);
  if (length === null || length.value > size - length.end || head[length.end] !== 0x0a) return false;
  // Core ML begins alike, but goes on with the model; here only further graphs may follow.
  const next = head[length.end + length.value];
  return next === undefined || next === 0x12;
}

/** GraphDef: a node (field 1) with a name (1) and an operator (2) that is written like one. */
export function isGraphDef(head: Uint8Array, size: number): boolean {
  if (head[0] !== 0x0a) return false;
  const node = varint(head, 1);
  if (!node || node.value > size - node.end || head[node.end] !== 0x0a) return false;
  const name = varint(head, node.end + 1);
  if (!name || name.value === 0 || name.value > 1024) return false;
  const op = name.end + name.value;
  if (head[op] !== 0x12 || op >= node.end + node.value) return false;
  const opName = varint(head, op + 1);
  if (!opName || opName.value === 0 || opName.value > 128) return false;
  return /^[A-Z>][\w>]*$/.test(Buffer.from(head.subarray(opName.end, opName.end + opName.value)).toString("latin1"));
}

function varint(bytes: Uint8Array, start: number): { value: number; end: number } | null {
  let value = 0;
  for (let i = 0; i < 6; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) return null;
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { value, end: start + i + 1 };
  }
  return null;
}
