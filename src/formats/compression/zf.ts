// joblib before 0.9.3: `ZF`, the size of the output as hexadecimal text, then a zlib stream.
import type { Input } from "./input.ts";
import { decompressZlib } from "./native.ts";

export function isZf(head: Uint8Array): boolean {
  if (head[0] !== 0x5a || head[1] !== 0x46) return false;
  // "0x", digits, padded with spaces to 19 characters; "L" behind the digits where Python 2 wrote a long.
  return /^ZF0x[0-9a-f]+L? *$/.test(Buffer.from(head.subarray(0, 21)).toString("latin1")) && head.length > 21;
}

export async function* decompressZf(input: Input): AsyncGenerator<Uint8Array, number> {
  const header = Buffer.from(await input.take(21)).toString("latin1");
  // Up to 0.8.4 on Python 2 the text is one character longer: joblib/numpy_pickle_compat.py, read_zfile.
  if ((await input.fill(1)) && input.bytes[input.at] === 0x20) input.at++;
  const size = Number.parseInt(header.slice(2).replace("L", ""), 16);
  let output = 0;
  const chunks = decompressZlib(input);
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) {
      if (output !== size) throw input.malformed(`holds ${output} bytes where its header says ${size}`);
      return value;
    }
    output += value.length;
    yield value;
  }
}
