import { expect, test } from "vitest";
import { stepsPage } from "../../scripts/docs.ts";

test("docs/steps.md is what the table of steps says", async () => {
  await expect(stepsPage()).toMatchFileSnapshot("../../docs/steps.md");
});
