// What the operating system says of a file, in words for the person who named it.
import { IngotError } from "./errors.ts";

const reasons: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  EACCES: ["you may not read it (EACCES)", "check its permissions and its owner"],
  EPERM: ["you may not read it (EPERM)", "check its permissions and its owner"],
  ELOOP: ["its links lead in a circle (ELOOP)", "name the file itself"],
  ENAMETOOLONG: ["its name is longer than this file system allows", "check the path"],
};

/** @param name the file as the person named it */
export function cannotOpen(cause: NodeJS.ErrnoException, name: string): IngotError {
  if (cause.code === "ENOENT" || cause.code === "ENOTDIR") {
    // Names that are not UTF-8 are read with U+FFFD in them, by which nothing is found again.
    const isMisread = name.includes("\ufffd");
    return new IngotError("FILE_NOT_FOUND", {
      what: isMisread ? "its name is not UTF-8" : "there is no such file or folder",
      where: name,
      fix: isMisread ? "rename it" : "check the path",
      cause,
    });
  }
  const [what, fix] = reasons[cause.code ?? ""] ?? [
    `cannot be opened (${cause.code ?? cause.message})`,
    "see what the operating system says of it",
  ];
  return new IngotError("FILE_UNREADABLE", { what, where: name, fix, cause });
}
