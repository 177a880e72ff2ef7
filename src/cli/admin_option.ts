// Where the admin API of a server listens, and with which token.
import { readFile } from "node:fs/promises";
import { cannotOpen } from "../core/index.ts";
import type { CommandIo } from "./io.ts";
import { portOf } from "./port_option.ts";

/** Null when no port was given. @throws IngotError USAGE, FILE_NOT_FOUND */
export async function adminOption(
  port: string | undefined,
  tokenFile: string | undefined,
  io: CommandIo,
): Promise<{ port: number; token: string } | null> {
  if (port === undefined) return null;
  return { port: portOf(port, "--admin-port", 0), token: await tokenOf(tokenFile, io) };
}

async function tokenOf(file: string | undefined, io: CommandIo): Promise<string> {
  if (file !== undefined) {
    const text = await readFile(file, "utf8").catch((cause) => {
      throw cannotOpen(cause, file);
    });
    return text.trim();
  }
  const given = process.env["INGOT_ADMIN_TOKEN"];
  if (given) return given;
  // Not imported: most commands need no token, and the module takes 5 ms.
  const made = process.getBuiltinModule("node:crypto").randomBytes(24).toString("hex");
  io.note(`admin token, for this run: ${made}`);
  return made;
}
