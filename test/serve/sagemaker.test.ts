// AWS's own client, unmodified, against one server.
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunningServer } from "../../src/serve/index.ts";
import { peopleModel, probabilityModel, serve } from "./people_model.ts";

let server: RunningServer;
let client: SageMakerRuntimeClient;
beforeAll(async () => {
  server = await serve([
    await probabilityModel(),
    await probabilityModel({ version: "2.0.0", variant: "canary" }),
    await peopleModel(),
  ]);
  const credentials = { accessKeyId: "none", secretAccessKey: "none" };
  client = new SageMakerRuntimeClient({ endpoint: server.url, region: "eu-central-1", credentials, maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await server.close();
});

const invoke = (EndpointName: string, body: string, ContentType: string, more: object = {}) =>
  client.send(new InvokeEndpointCommand({ EndpointName, Body: Buffer.from(body), ContentType, ...more }));

test("JSON, with the variant that answered", async () => {
  const answer = await invoke("odds", '{"instances": [[1, 3]]}', "application/json");
  expect(JSON.parse(answer.Body.transformToString())).toEqual({ predictions: [{ no: 0.25, yes: 0.75 }] });
  expect(answer).toMatchObject({ ContentType: "application/json", InvokedProductionVariant: "main" });
});

test("CSV without names of columns", async () => {
  const answer = await invoke("people", "41,10,red\n", "text/csv");
  expect(JSON.parse(answer.Body.transformToString())).toEqual({ predictions: [51] });
});

test("a target variant is the one that answers; an inference id is the request id", async () => {
  const answer = await invoke("odds", '{"instances": [[1, 3]]}', "application/json", { TargetVariant: "canary" });
  expect(answer.InvokedProductionVariant).toBe("canary");
  const response = await fetch(`${server.url}/endpoints/odds/invocations`, {
    method: "POST",
    body: '{"instances": [[1, 3]]}',
    headers: { "X-Amzn-SageMaker-Inference-Id": "abc-1" },
  });
  expect(response.headers.get("ingot-request-id")).toBe("abc-1");
});

const refusals: [
  name: string,
  endpoint: string,
  body: string,
  type: string,
  more: object,
  status: number,
  message: RegExp,
][] = [
  ["an unknown endpoint", "ods", "{}", "application/json", {}, 404, /no model is called "ods"/],
  [
    "an unknown variant",
    "odds",
    "{}",
    "application/json",
    { TargetVariant: "b" },
    404,
    /no variant "b"; variants: main, canary/,
  ],
  ["a wrong value", "odds", '{"instances": [["x", 1]]}', "application/json", {}, 400, /inputs\.x\[0\]: expected float/],
  ["another type", "odds", "<a/>", "application/xml", {}, 415, /not read here/],
];
test.each(refusals)("%s", async (_name, endpoint, body, type, more, status, message) => {
  await expect(invoke(endpoint, body, type, more)).rejects.toMatchObject({
    name: "ValidationError",
    message: expect.stringMatching(message),
    $metadata: { httpStatusCode: status },
  });
});
