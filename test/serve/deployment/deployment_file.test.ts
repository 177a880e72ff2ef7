import { describe, expect, test } from "vitest";
import { deploymentJsonSchema, parseDeployment } from "../../../src/serve/index.ts";

const parse = (text: string) => parseDeployment(Buffer.from(text));

describe("what is understood", () => {
  test("one package, defaults filled in", () => {
    expect(parse("models: { income: { package: 'income:1.2.0' } }")).toEqual({
      models: [
        {
          name: "income",
          variants: [{ name: "main", package: "income:1.2.0", weight: 1, shadow: null }],
          sticky: null,
          fallback: null,
          guardrails: null,
        },
      ],
      keepPreviousMs: 600_000,
      predictions: null,
    });
  });

  test("variants, a shadow, stickiness, a fallback, guardrails", () => {
    const { models, keepPreviousMs } = parse(`
keep_previous: 30s
models:
  flights:
    variants:
      main: { package: flight-delay:1.0.0, weight: 90 }
      next: { package: flight-delay:1.1.0, weight: 10 }
      dark: { package: flight-delay:2.0.0, shadow: 0.25 }
    sticky: { cookie: uid }
    fallback: main
    guardrails: { error_rate: 0.01, latency_ratio: 2 }
`);
    expect(keepPreviousMs).toBe(30_000);
    expect(models[0]).toEqual({
      name: "flights",
      variants: [
        { name: "main", package: "flight-delay:1.0.0", weight: 90, shadow: null },
        { name: "next", package: "flight-delay:1.1.0", weight: 10, shadow: null },
        { name: "dark", package: "flight-delay:2.0.0", weight: 0, shadow: 0.25 },
      ],
      sticky: { by: "cookie", name: "uid" },
      fallback: "main",
      guardrails: { minimum_requests: 200, confidence: 0.999, error_rate: 0.01, latency_ratio: 2 },
    });
  });
});

const rows: [name: string, yaml: string, message: RegExp][] = [
  ["nothing", "", /deployment\.yaml: is not a map of keys/],
  ["no models", "models: {}", /:1:9: `models` names none/],
  ["an unknown key", "model: {}", /:1:\d+: unknown key `model`, did you mean `models`\?/],
  [
    "an unknown key of a model",
    "models:\n  a:\n    packge: a",
    /:3:\d+: unknown key `packge` in models\.a, did you mean `package`\?/,
  ],
  [
    "an unknown key of a variant",
    "models: { a: { variants: { b: { wieght: 1 } } } }",
    /unknown key `wieght` .*did you mean `weight`/,
  ],
  ["neither package nor variants", "models: { a: {} }", /:1:\d+: models\.a: needs either `package` or `variants`/],
  ["both", "models: { a: { package: a, variants: { b: { package: a } } } }", /needs either/],
  [
    "no weight above 0",
    "models: { a: { variants: { b: { package: a, weight: 0 } } } }",
    /no variant has a `weight` above 0/,
  ],
  ["only shadows", "models: { a: { variants: { b: { package: a, shadow: true } } } }", /no variant has a `weight`/],
  [
    "a shadow with a weight",
    "models: { a: { variants: { b: { package: a, shadow: true, weight: 2 } } } }",
    /is a shadow: it takes no `weight`/,
  ],
  [
    "a negative weight",
    "models: { a: { variants: { b: { package: a, weight: -1 } } } }",
    /`models\.a\.variants\.b\.weight` is not right.*got -1/,
  ],
  [
    "a share above 1",
    "models: { a: { variants: { b: { package: a, shadow: 2 } } } }",
    /`models\.a\.variants\.b\.shadow` is not right/,
  ],
  [
    "a fallback that is a shadow",
    "models: { a: { variants: { b: { package: a }, c: { package: a, shadow: true } }, fallback: c } }",
    /`fallback` names no variant that answers: there is b/,
  ],
  [
    "two kinds of stickiness",
    "models: { a: { package: a, sticky: { header: x, cookie: y } } }",
    /takes one of header, cookie, field/,
  ],
  [
    "a name of a variant that no header can carry",
    "models: { a: { variants: { 'b c': { package: a } } } }",
    /`b c` is no name of a variant/,
  ],
  [
    "a duration without a unit",
    "models: { a: { package: a } }\nkeep_previous: 10",
    /:2:\d+: `keep_previous` is not right/,
  ],
  [
    "a package that is a number",
    "models: { a: { package: 3 } }",
    /`models\.a\.package` is not right: invalid input: expected string.*got 3/,
  ],
];
test.each(rows)("refused by line: %s", (_name, yaml, message) => {
  expect(() => parse(yaml)).toThrow(message);
});

test("the JSON Schema for editors is the one in docs", async () => {
  const schema = deploymentJsonSchema();
  expect(Object.keys(schema["properties"] as object)).toEqual(["models", "keep_previous", "predictions"]);
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot("../../../docs/deployment.schema.json");
});
