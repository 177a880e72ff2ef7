// Paths inside packages and projects: relative, portable, and never outside.
import { IngotError } from "./errors.ts";
import { quoted } from "./wording.ts";

const reserved = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/i;

/**
 * Checks one package path (design: package format): relative, `/`-separated, UTF-8, NFC-stable, no `..`, `.`, empty part,
 * NUL or other control character, backslash, drive letter or Windows device name.
 * @throws IngotError PATH_UNSAFE
 */
export function checkPath(path: string, where?: string): string {
  const refuse = (why: string): never => {
    throw new IngotError("PATH_UNSAFE", {
      what: `path ${quoted(path)} ${why}`,
      where,
      fix: "use a relative path with forward slashes that stays inside its folder",
    });
  };
  if (path === "") refuse("is empty");
  if (path.length > 1024) refuse("is longer than 1024 characters");
  if (!path.isWellFormed()) refuse("is not valid Unicode");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(path)) refuse("contains a control character");
  if (path.includes("\\")) refuse("contains a backslash");
  if (path.startsWith("/")) refuse("is absolute");
  if (/^[a-zA-Z]:/.test(path)) refuse("has a drive letter");
  for (const part of path.split("/")) {
    if (part === "..") refuse("leaves its folder");
    if (part === "" || part === ".") refuse("has an empty part");
    if (reserved.test(part)) refuse("is a device name on Windows");
    if (/[. ]$/.test(part)) refuse("has a part that ends with a dot or a space");
  }
  return path;
}

/**
 * Checks a whole set of paths: each safe, no two equal, none equal under case folding and Unicode normalisation,
 * none a folder of another.
 * @throws IngotError PATH_UNSAFE
 */
export function checkPaths(paths: Iterable<string>, where?: string): void {
  const seen = new Map<string, string>();
  const folders = new Map<string, string>();
  const collide = (a: string, b: string): never => {
    throw new IngotError("PATH_UNSAFE", {
      what: a === b ? `path ${quoted(a)} appears twice` : `paths ${quoted(a)} and ${quoted(b)} collide on some systems`,
      where,
      fix: "rename one of them",
    });
  };
  for (const path of paths) {
    checkPath(path, where);
    const key = folded(path);
    const other = seen.get(key) ?? folders.get(key);
    if (other !== undefined) collide(other, path);
    seen.set(key, path);
    for (let end = key.lastIndexOf("/"); end > 0; end = key.lastIndexOf("/", end - 1)) {
      const folder = key.slice(0, end);
      const file = seen.get(folder);
      if (file !== undefined) collide(file, path);
      folders.set(folder, path);
    }
  }
}

function folded(path: string): string {
  return path.normalize("NFC").toLowerCase().toUpperCase().normalize("NFC");
}
