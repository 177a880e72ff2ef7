// How a stream of pickles that torch.save wrote before 1.6 begins. Rule: torch/serialization.py (MAGIC_NUMBER).

/** `LONG1` of ten bytes: 0x1950a86a20f9469cfc6c, then STOP. */
const magic = Buffer.from("8a0a6cfc9c46f9206aa850192e", "hex");

/** A pickle of the magic number; protocol 4 puts a frame before it. */
export function isTorchStream(head: Uint8Array): boolean {
  if (head[0] !== 0x80) return false;
  const at = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 32)).indexOf(magic);
  return at === 2 || at === 11;
}
