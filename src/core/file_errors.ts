// What the operating system says of a file, in words for the person who named it.
import { IngotError } from "./errors.ts";

/** @param name the file as the person named it */
export function cannotOpen(cause: NodeJS.ErrnoException, name: string): IngotError {
  if (cause.code === "ENOENT" || cause.code === "ENOTDIR")
    return new IngotError("FILE_NOT_FOUND", {
      what: "there is no such file",
      where: name,
      fix: "check the path",
      cause,
    });
  return new IngotError("FILE_UNREADABLE", {
    what: `cannot be opened (${cause.code ?? cause.message})`,
    where: name,
    cause,
  });
}
