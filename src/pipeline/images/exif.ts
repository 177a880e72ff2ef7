// EXIF: only the orientation is read. Rule: TIFF 6.0, image file directory 0, tag 0x0112.

const mostEntries = 1000;

/** @param bytes from the TIFF header on. @returns 1 to 8; 1 (as it is) for anything that is no orientation */
export function exifOrientation(bytes: Uint8Array): number {
  if (bytes.length < 14) return 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return 1;
  const isLittle = order === 0x4949;
  if (view.getUint16(2, isLittle) !== 42) return 1;
  const directory = view.getUint32(4, isLittle);
  if (directory + 2 > bytes.length) return 1;
  const entries = Math.min(view.getUint16(directory, isLittle), mostEntries);
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + 12 * entry;
    if (at + 12 > bytes.length) return 1;
    if (view.getUint16(at, isLittle) !== 0x0112) continue;
    const value = view.getUint16(at + 8, isLittle);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}
