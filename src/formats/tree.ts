// Files in a folder, whatever holds the folder: a disk, a zip, a tar. Formats that are folders read only this.
import type { ModelDescription } from "./format.ts";
import type { OpenFile } from "./source.ts";
import type { Survey } from "./survey.ts";

export interface Entry {
  /** Relative, `/`-separated, as the container has it (not yet checked to be safe). */
  readonly path: string;
  readonly size: number;
  readonly kind: "file" | "folder" | "link" | "device";
}

/** A listing whose files can be opened one by one. Opening never writes anything and reads at most what was listed. */
export interface Tree extends AsyncDisposable {
  readonly name: string;
  /** Id of what holds the files: `folder`, `zip`, `tar` … */
  readonly container: string;
  readonly entries: readonly Entry[];
  /** The caller closes it. @throws FILE_NOT_FOUND, FILE_MALFORMED, FILE_TOO_LARGE */
  open(path: string): Promise<OpenFile>;
}

/** A file that holds files. */
export interface Container {
  readonly id: string;
  readonly title: string;
  /** By content: the first 64 KiB and the last 64 KiB of the file. */
  detect(head: Uint8Array, size: number, tail: Uint8Array): boolean;
  /** Lists without unpacking. @throws FILE_MALFORMED, FILE_TRUNCATED, FILE_TOO_LARGE */
  open(file: OpenFile): Promise<Tree>;
  /** Tells everything that scanners go blind on (names that disagree, wrong CRC, overlaps …) and hands on every member. */
  survey(file: OpenFile, survey: Survey): Promise<void>;
}

/** A format that is a folder of files (SavedModel, MLflow …), on disk or in a container (PyTorch zip, Keras …). */
export interface TreeFormat<M = unknown> {
  readonly id: string;
  readonly title: string;
  detect(tree: Tree): boolean | Promise<boolean>;
  read(tree: Tree): Promise<M>;
  describe(model: M): ModelDescription;
  /** What only this format knows to tell; members are surveyed by their own formats anyway. */
  survey?(tree: Tree, survey: Survey): Promise<void>;
  /** How a member is surveyed that means something else here than it looks like; undefined = by its own format. */
  memberSurvey?(tree: Tree, path: string): MemberSurvey | undefined;
}

export interface MemberSurvey {
  /** Numbers to this format, whatever they look like to others. */
  readonly isRaw: boolean;
  survey(file: OpenFile, survey: Survey): Promise<void>;
}

/** The tree itself and, where one folder holds all its files, that folder: archives are often made from outside of it. */
export function rootsOf(tree: Tree): { readonly tree: Tree; readonly prefix: string }[] {
  const whole = { tree, prefix: "" };
  const top = tree.entries[0]?.path.split("/", 1)[0];
  if (top === undefined || top === "" || !tree.entries.every(({ path }) => path === top || path.startsWith(`${top}/`)))
    return [whole];
  const prefix = `${top}/`;
  const entries = tree.entries.filter(({ path }) => path.length > prefix.length);
  if (entries.length === 0) return [whole];
  const inner: Tree = {
    name: tree.name,
    container: tree.container,
    entries: entries.map((entry) => ({
      path: entry.path.slice(prefix.length),
      kind: entry.kind,
      get size() {
        return entry.size;
      },
    })),
    open: (path) => tree.open(prefix + path),
    async [Symbol.asyncDispose]() {},
  };
  return [whole, { tree: inner, prefix }];
}
