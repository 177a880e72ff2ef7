// What a person types to name a package: `income`, `income:1.2.0`, either with `@sha256:…`.
import { type Digest, IngotError, isDigest, nearest, quoted } from "../core/index.ts";

export interface Reference {
  readonly name: string;
  readonly version?: string;
  readonly digest?: Digest;
}

const namePattern = /^[a-z0-9]+([._/-][a-z0-9]+)*$/;
/** SemVer 2.0.0 without build metadata: `+` cannot stand in an OCI tag. */
const versionPattern =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?$/;

/** @returns why `name` is no package name, or null */
export function nameProblem(name: string): string | null {
  if (name.length > 128) return "is longer than 128 characters";
  const first = name.slice(0, Math.max(0, name.indexOf("/")));
  if (first === "localhost" || first.includes("."))
    return "begins like a host name: no dot before the first `/`, please";
  if (namePattern.test(name)) return null;
  if (namePattern.test(name.toLowerCase())) return `must be lower case, like ${quoted(name.toLowerCase())}`;
  return "must be lower-case letters and digits, joined by single `.`, `_`, `-` or `/`";
}

/** @returns why `version` is no package version, or null */
export function versionProblem(version: string): string | null {
  if (version.length > 128) return "is longer than 128 characters, which an OCI tag cannot hold";
  if (version.includes("+"))
    return "carries build metadata (`+…`), which an OCI tag cannot hold: use a pre-release (`-…`)";
  return versionPattern.test(version) ? null : "must be MAJOR.MINOR.PATCH, like 1.2.0 or 1.2.0-rc.1 (semver)";
}

/** @throws IngotError REFERENCE_INVALID */
export function parseReference(text: string): Reference {
  const refuse = (what: string, fix = "a package is named `name`, `name:1.2.0` or `name:1.2.0@sha256:…`"): never => {
    throw new IngotError("REFERENCE_INVALID", { what, where: quoted(text, 200), fix });
  };
  const at = text.indexOf("@");
  const before = at < 0 ? text : text.slice(0, at);
  const after = at < 0 ? undefined : text.slice(at + 1);
  if (after !== undefined && !isDigest(after)) {
    if (/^[A-Za-z][A-Za-z0-9._-]*$/.test(after))
      refuse(
        `\`@${after}\` is an alias: aliases need a registry, which is not yet supported`,
        "name a version instead",
      );
    refuse("what follows `@` is no digest: `sha256:` and 64 lower-case hex digits");
  }
  const host = before.includes("/") ? before.slice(0, before.indexOf("/")) : "";
  if (host === "localhost" || /[.:]/.test(host))
    refuse(
      `\`${host}\` names a registry, which is not yet supported`,
      "copy the package into the store first (skopeo copy …)",
    );
  const colon = before.indexOf(":");
  const name = colon < 0 ? before : before.slice(0, colon);
  const version = colon < 0 ? undefined : before.slice(colon + 1);
  const problem = nameProblem(name);
  if (problem) refuse(`the name ${quoted(name)} ${problem}`);
  const versionIssue = version === undefined ? null : versionProblem(version);
  if (versionIssue) refuse(`the version ${quoted(version)} ${versionIssue}`);
  return {
    name,
    ...(version === undefined ? {} : { version }),
    ...(after === undefined ? {} : { digest: after as Digest }),
  };
}

export function formatReference(reference: Reference): string {
  const { name, version, digest } = reference;
  return `${name}${version === undefined ? "" : `:${version}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** SemVer precedence: negative when `a` comes before `b`. Both must be valid. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [versionPattern.exec(a), versionPattern.exec(b)];
  if (!left || !right) throw new TypeError(`not versions: ${a}, ${b}`);
  for (let part = 1; part <= 3; part++) {
    const order = compareNumerals(left[part]!, right[part]!);
    if (order !== 0) return order;
  }
  if (left[4] === undefined || right[4] === undefined)
    return Number(right[4] !== undefined) - Number(left[4] !== undefined);
  const [ours, theirs] = [left[4].split("."), right[4].split(".")];
  for (let part = 0; part < Math.min(ours.length, theirs.length); part++) {
    const order = compareIdentifiers(ours[part]!, theirs[part]!);
    if (order !== 0) return order;
  }
  return ours.length - theirs.length;
}

function compareIdentifiers(a: string, b: string): number {
  const [aNumeric, bNumeric] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (aNumeric && bNumeric) return compareNumerals(a, b);
  if (aNumeric !== bNumeric) return aNumeric ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Numerals without leading zeros, of any length. */
function compareNumerals(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** @throws IngotError PACKAGE_NOT_FOUND naming what is near */
export function notFound(
  reference: Reference,
  known: readonly { name: string; version: string }[],
  store: string,
): never {
  const versions = known.filter((entry) => entry.name === reference.name).map((entry) => entry.version);
  const near = nearest(reference.name, new Set(known.map((entry) => entry.name)));
  const hint =
    versions.length > 0
      ? `there is ${versions.sort(compareVersions).reverse().slice(0, 5).join(", ")}`
      : near
        ? `did you mean \`${near}\`?`
        : known.length === 0
          ? "the store is empty: `ingot pack <project>` first"
          : "see `ingot ls`";
  throw new IngotError("PACKAGE_NOT_FOUND", {
    what: `there is no package ${formatReference(reference)}`,
    where: store,
    fix: hint,
  });
}
