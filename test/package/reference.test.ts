import fc from "fast-check";
import { expect, test } from "vitest";
import { digest, IngotError } from "../../src/core/index.ts";
import { compareVersions, formatReference, parseReference } from "../../src/package/reference.ts";

const some = digest("x");
const good: [text: string, name: string, version?: string | undefined, digest?: string][] = [
  ["income", "income"],
  ["income:1.2.0", "income", "1.2.0"],
  ["team/income:1.2.0-rc.1", "team/income", "1.2.0-rc.1"],
  [`income@${some}`, "income", undefined, some],
  [`a_b-c/d.e:0.0.0@${some}`, "a_b-c/d.e", "0.0.0", some],
];
test.each(good)("%s", (text, name, version, digest) => {
  expect(parseReference(text)).toEqual({ name, ...(version && { version }), ...(digest && { digest }) });
});

const bad: [text: string, message: RegExp][] = [
  ["", /the name "" must be/],
  ["Income", /must be lower case, like "income"/],
  ["a--b", /joined by single/],
  ["../store", /names a registry|must be/],
  ["income:", /the version ""/],
  ["income:latest", /MAJOR\.MINOR\.PATCH/],
  ["income:1.2", /MAJOR\.MINOR\.PATCH/],
  ["income:1.2.0+x", /build metadata/],
  ["income@production", /`@production` is an alias.*not yet supported/],
  ["income@sha256:abc", /64 lower-case hex/],
  [`income@${some.toUpperCase()}`, /no digest/],
  ["ghcr.io/team/income:1.0.0", /`ghcr\.io` names a registry, which is not yet supported/],
  ["localhost:5000/income", /`localhost:5000` names a registry/],
  ["localhost/income", /names a registry/],
  ["inc ome", /the name/],
  [`${"a".repeat(129)}`, /longer than 128/],
];
test.each(bad)("refused: %s", (text, message) => {
  expect(() => parseReference(text)).toThrow(message);
  expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: "REFERENCE_INVALID" }));
});

test("any text is a reference that is printed as it was, or is refused", () => {
  const text = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[a-z0-9._/-]{1,12}(:[0-9a-z.+-]{1,10})?(@sha256:[0-9a-f]{64})?$/),
  );
  fc.assert(
    fc.property(text, (reference) => {
      try {
        expect(formatReference(parseReference(reference))).toBe(reference);
      } catch (error) {
        if (!(error instanceof IngotError)) throw error;
      }
    }),
  );
});

test("versions in the order of semver.org, item 11", () => {
  const ordered = [
    "1.0.0-0",
    "1.0.0-2",
    "1.0.0-11",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.2.0",
    "1.10.0",
    "2.0.0",
    "99999999999999999999.0.0",
  ];
  expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered);
  for (const version of ordered) expect(compareVersions(version, version)).toBe(0);
});
