// Files that a project names: inside its folder, regular, no links; and none that holds a secret.
import { lstat } from "node:fs/promises";
import path from "node:path";
import { checkPath, IngotError, quoted } from "../core/index.ts";

/** Names that hold credentials by convention; carried along by accident they would be public with the package. */
const secret = /^(\.env(\..*)?|\.netrc|\.npmrc|\.pypirc|id_(rsa|dsa|ecdsa|ed25519)|.*\.(pem|key|p12|pfx))$/i;

/**
 * @param where the place in ingot.yaml that names the file
 * @returns its absolute path
 * @throws IngotError PATH_UNSAFE, FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function projectFile(folder: string, relative: string, where: string): Promise<string> {
  const clean = checkPath(relative.replace(/^(\.\/)+/, ""), where);
  let inside = path.resolve(folder);
  for (const part of clean.split("/")) {
    inside = path.join(inside, part);
    const status = await lstat(inside).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== "ENOENT" && cause.code !== "ENOTDIR") throw cause;
      throw new IngotError("FILE_NOT_FOUND", {
        what: `there is no file ${quoted(clean)} in the project`,
        where,
        cause,
      });
    });
    if (status.isSymbolicLink())
      throw new IngotError("PATH_UNSAFE", {
        what: `${quoted(clean)} is a link, which cannot be packed`,
        where,
        fix: "put the file itself there (cp -L)",
      });
    if (!status.isFile() && !status.isDirectory())
      throw new IngotError("PATH_UNSAFE", { what: `${quoted(clean)} is a device, pipe or socket, not a file`, where });
  }
  if ((await lstat(inside)).isDirectory())
    throw new IngotError("FILE_UNREADABLE", {
      what: `${quoted(clean)} is a folder`,
      where,
      fix: "name the files in it",
    });
  if (secret.test(path.basename(clean)))
    throw new IngotError("PROJECT_INVALID", {
      what: `${quoted(clean)} usually holds a secret: it is not packed`,
      where,
      fix: "remove it from the list; rename it if it holds none",
    });
  return inside;
}

/** The path as it stands in the package: without a leading `./`. */
export function packagePath(relative: string): string {
  return relative.replace(/^(\.\/)+/, "");
}
