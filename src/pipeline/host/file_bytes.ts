// The contents of a file as records carry them: bytes, or base64 text.
import { IngotError } from "../../core/index.ts";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const sextets = new Uint8Array(128).fill(255);
for (let i = 0; i < 64; i++) sextets[letters.charCodeAt(i)] = i;

/**
 * @param most bytes; longer ones are refused before they are decoded
 * @throws IngotError INPUT_INVALID, FILE_TOO_LARGE
 */
export function fileBytes(value: unknown, most: number): Uint8Array {
  if (value instanceof Uint8Array) {
    checkLength(value.length, most);
    return value;
  }
  if (typeof value !== "string")
    throw new IngotError("INPUT_INVALID", {
      what: value === null || value === undefined ? "is missing" : `expected the bytes of a file, got ${typeof value}`,
      fix: "send the file as base64 text",
    });
  const text = value.endsWith("==") ? value.slice(0, -2) : value.endsWith("=") ? value.slice(0, -1) : value;
  const length = Math.floor((text.length * 3) / 4);
  checkLength(length, most);
  const isWhole = text.length % 4 !== 1 && (value.length === text.length || value.length % 4 === 0);
  const bytes = new Uint8Array(length);
  let [bits, held, at] = [0, 0, 0];
  for (let i = 0; i < text.length; i++) {
    const sextet = sextets[text.charCodeAt(i)] ?? 255;
    if (sextet === 255 || !isWhole) throw notBase64(isWhole ? i : value.length);
    bits = ((bits << 6) | sextet) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = bits >> held;
  }
  return bytes;
}

function checkLength(length: number, most: number): void {
  if (length > most)
    throw new IngotError("FILE_TOO_LARGE", {
      what: `a file of ${length} bytes, at most ${most} are read`,
      fix: "send a smaller file, or raise `max_bytes` of the step that decodes it",
    });
}

function notBase64(at: number): IngotError {
  return new IngotError("INPUT_INVALID", {
    what: `expected base64 text, which this is not at character ${at}`,
    fix: "send the bytes of the file as base64 (RFC 4648, section 4), without line breaks",
  });
}
