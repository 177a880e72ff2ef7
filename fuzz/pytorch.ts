// Every container of PyTorch: read and described, then surveyed as a scan does it.
import { detectFormat, memoryFile } from "../src/formats/index.ts";
import { scanBytes } from "../src/scan/index.ts";

export const name = "pytorch";

export async function target(bytes: Uint8Array): Promise<void> {
  await scanBytes(bytes, "fuzz.pt");
  const file = memoryFile(bytes, "fuzz.pt");
  const format = await detectFormat(file);
  format.describe(await format.read(file));
}
