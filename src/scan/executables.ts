// Programs by how they begin.

const ascii = (text: string) => Buffer.from(text, "latin1");

const beginnings: readonly (readonly [Uint8Array, string])[] = [
  [ascii("\x7fELF"), "an ELF program"],
  [Buffer.from([0xfe, 0xed, 0xfa, 0xce]), "a Mach-O program"],
  [Buffer.from([0xfe, 0xed, 0xfa, 0xcf]), "a Mach-O program"],
  [Buffer.from([0xce, 0xfa, 0xed, 0xfe]), "a Mach-O program"],
  [Buffer.from([0xcf, 0xfa, 0xed, 0xfe]), "a Mach-O program"],
  [Buffer.from([0xca, 0xfe, 0xba, 0xbe]), "a Java class or universal Mach-O program"],
  [ascii("MZqFpD"), "a program for every system (llamafile)"],
  [ascii("jartsr='"), "a program for every system (llamafile)"],
  [ascii("dex\n0"), "a program for Android"],
  [ascii("\0asm"), "a WebAssembly program"],
  [ascii("!<arch>\n"), "a library of object code"],
  [Buffer.from([0x4c, 0, 0, 0, 1, 0x14, 2, 0]), "a Windows shortcut"],
];

/** First bytes of anything below: of a script, white space, `<`, `@` or `r`, too. */
const firstBytes = new Set([...beginnings.map(([magic]) => magic[0]), ...ascii("M#<@rR\t\n\v\f\r \xa0")]);

/** What kind of program begins like this, or null. */
export function executableFormat(head: Uint8Array): string | null {
  if (!firstBytes.has(head[0])) return null;
  for (const [magic, format] of beginnings)
    if (head.length >= magic.length && magic.every((byte, index) => head[index] === byte)) return format;
  if (head[0] === 0x4d && head[1] === 0x5a) return isWindowsProgram(head) ? "a Windows program" : null;
  if (head[0] === 0x23 && head[1] === 0x21) return `a script (${firstLine(head)})`;
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 64)).toString("latin1");
  if (/^\s*<\?php/i.test(text)) return "a script (PHP)";
  return /^(@echo off|rem )\b/i.test(text) ? "a script (Windows batch)" : null;
}

/** `MZ` alone begins many things: the header must point at another one. */
function isWindowsProgram(head: Uint8Array): boolean {
  if (head.length < 64) return false;
  const at = Buffer.from(head.buffer, head.byteOffset, head.length).readUInt32LE(60);
  if (at + 4 > head.length) return at < 2 ** 20;
  return (head[at] === 0x50 && head[at + 1] === 0x45) || (head[at] === 0x4e && head[at + 1] === 0x45);
}

function firstLine(head: Uint8Array): string {
  const line = Buffer.from(head.subarray(0, 80)).toString("latin1").split("\n")[0]!;
  return line.replace(/[^\x20-\x7e]/g, "").trim();
}
