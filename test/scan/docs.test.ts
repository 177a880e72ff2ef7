// The pages that are written from tables are current: `npm run docs` writes them.
import { expect, test } from "vitest";
import { formatsPage, rulesPage } from "../../scripts/docs.ts";

test("docs/rules.md is what the table of rules says", async () => {
  await expect(rulesPage()).toMatchFileSnapshot("../../docs/rules.md");
});

test("docs/formats.md is what the table of formats says", async () => {
  await expect(formatsPage()).toMatchFileSnapshot("../../docs/formats.md");
});
