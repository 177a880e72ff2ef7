// One writer at a time, across processes, with nothing left behind by a killed one: the operating system holds the lock.
import { rmSync, writeFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { IngotError } from "../core/index.ts";
import { asWriteError } from "./content.ts";

export interface Lock extends Disposable {}

const sqliteBusy = 5;
const sqliteCorrupt = [11, 26];

/**
 * Takes the lock on `file`, which is created where absent. SQLite's file locks serve as a portable `flock`, which Node does
 * not offer: the kernel releases them when the process dies, so there is no stale lock to recognise, and no pid to misread
 * across containers.
 * @returns null when another holder still has it after `waitMs`
 */
export async function takeLock(file: string, waitMs: number): Promise<Lock | null> {
  const sqlite = await import("node:sqlite");
  const end = Date.now() + waitMs;
  for (let wait = 2; ; wait = Math.min(wait * 2, 50)) {
    const lock = lockNow(sqlite.DatabaseSync, file);
    if (lock !== null) return lock;
    if (Date.now() >= end) return null;
    await pause(wait + Math.random() * wait);
  }
}

function lockNow(Database: typeof DatabaseSync, file: string): Lock | null {
  let database: DatabaseSync | undefined;
  try {
    database = new Database(file, { timeout: 0 });
    const held = database;
    held.exec("BEGIN EXCLUSIVE");
    return { [Symbol.dispose]: () => held.close() };
  } catch (cause) {
    database?.close();
    const { errcode, message } = cause as { errcode?: number; message: string };
    if (errcode === sqliteBusy) return null;
    probe(file);
    const damaged = errcode !== undefined && sqliteCorrupt.includes(errcode);
    throw new IngotError(damaged ? "STORE_CORRUPT" : "FILE_UNREADABLE", {
      what: `cannot be locked: ${message}`,
      where: file,
      fix: damaged ? "delete this file: it holds nothing but the lock" : "check that the store's folder may be written",
      cause,
    });
  }
}

/** SQLite says only that it could not: a plain write finds out whether the disk is full or the folder read-only. */
function probe(file: string): void {
  try {
    writeFileSync(`${file}.probe`, "probe");
  } catch (cause) {
    asWriteError(cause as NodeJS.ErrnoException);
  } finally {
    rmSync(`${file}.probe`, { force: true });
  }
}
