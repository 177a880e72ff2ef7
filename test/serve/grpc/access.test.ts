// Tokens and TLS for gRPC, and the token's reach over what clients may change.
import { readFileSync } from "node:fs";
import path from "node:path";
import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningServer, Tokens } from "../../../src/serve/index.ts";
import { peopleModel, probabilityModel, serve } from "../people_model.ts";
import { Peer } from "./peer.ts";

const [all, some] = ["all-models-0123456789", "only-odds-0123456789"];
const certificates = path.join(import.meta.dirname, "../listener/tls");
const service = "inference.GRPCInferenceService";
const changed: string[] = [];
let server: RunningServer;
let peer: Peer;
beforeAll(async () => {
  server = await serve([await peopleModel(), await probabilityModel()], {
    grpcPort: 0,
    tokens: Tokens.parse(`${all}\n${some} odds\n`, "tokens"),
    prepare: async (serving) => {
      serving.repository = {
        index: async () => [],
        load: async (name) => void changed.push(`load ${name}`),
        unload: async (name) => void changed.push(`unload ${name}`),
      };
    },
  });
  peer = new Peer(server.grpcPort!);
});
afterAll(async () => {
  peer.client.close();
  await server.close();
});

/** Asks with raw bytes: messages are not what this is about. */
function ask(method: string, bytes: Buffer, token: string | null): Promise<Buffer> {
  const metadata = new Metadata();
  if (token !== null) metadata.set("authorization", `Bearer ${token}`);
  const same = (value: Buffer) => value;
  return new Promise((resolve, reject) => {
    peer.client.makeUnaryRequest(method, same, same, bytes, metadata, (error, answer) =>
      error ? reject(error) : resolve(answer!),
    );
  });
}
/** A message whose first text field is this name; of repository requests it is the second. */
const named = (name: string, field = 1) => Buffer.from([field * 8 + 2, name.length, ...Buffer.from(name)]);

const rows: [method: string, bytes: Buffer, token: string | null, code: number][] = [
  ["ServerLive", Buffer.alloc(0), null, status.OK],
  ["ServerReady", Buffer.alloc(0), null, status.OK],
  ["ServerMetadata", Buffer.alloc(0), null, status.UNAUTHENTICATED],
  ["ServerMetadata", Buffer.alloc(0), "nobody-0123456789", status.UNAUTHENTICATED],
  ["ServerMetadata", Buffer.alloc(0), some, status.OK],
  ["ModelMetadata", named("people"), all, status.OK],
  ["ModelInfer", named("people"), null, status.UNAUTHENTICATED],
  ["ModelInfer", named("people"), some, status.NOT_FOUND],
  ["ModelInfer", named("nobody"), some, status.NOT_FOUND],
  ["ModelMetadata", named("people"), some, status.NOT_FOUND],
  ["ModelReady", named("people"), some, status.OK],
  ["ModelConfig", named("people"), some, status.NOT_FOUND],
  ["ModelStatistics", named("people"), some, status.NOT_FOUND],
  ["ModelInfer", named("odds"), some, status.INVALID_ARGUMENT],
  ["RepositoryModelUnload", named("people", 2), some, status.PERMISSION_DENIED],
  ["RepositoryModelLoad", named("people:2", 2), some, status.PERMISSION_DENIED],
  ["RepositoryModelUnload", named("odds", 2), some, status.OK],
  ["RepositoryModelLoad", named("people", 2), all, status.OK],
];
test.each(rows)("%s %s with %s: %i", async (method, bytes, token, code) => {
  const answer = ask(`/${service}/${method}`, bytes, token).then(
    () => status.OK,
    (error: { code: number }) => error.code,
  );
  expect(await answer).toBe(code);
});

test("only what was allowed was changed", () => {
  expect(changed).toEqual(["unload odds", "load people"]);
});

test("probes need no token, reflection does", async () => {
  expect(await ask("/grpc.health.v1.Health/Check", Buffer.alloc(0), null)).toEqual(Buffer.from([8, 1]));
  await expect(peer.reflect({ list_services: "" })).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
});

test("a token does not reach a variant of another model by its name either", async () => {
  const post = (target: string, token: string) =>
    fetch(server.url + target, {
      method: "POST",
      body: '{"instances": [[1, 1]]}',
      headers: { Authorization: `Bearer ${token}`, "X-Amzn-SageMaker-Target-Variant": "main" },
    });
  expect((await post("/endpoints/people/invocations", some)).status).toBe(404);
  expect((await post("/v1/models/people/labels/main:predict", some)).status).toBe(404);
  expect((await post("/endpoints/odds/invocations", some)).status).toBe(200);
  expect((await post("/v2/repository/models/people/unload", some)).status).toBe(403);
});

test("over TLS, with the server's certificate and nothing less", async () => {
  const [certificate, key] = ["one.cert.pem", "one.key.pem"].map((file) => path.join(certificates, file)) as [
    string,
    string,
  ];
  const secure = await serve([await probabilityModel()], { grpcPort: 0, tls: { certificate, key } });
  const live = (client: Client) =>
    new Promise((resolve, reject) => {
      const same = (value: Buffer) => value;
      const options = { deadline: Date.now() + 20_000 };
      client.makeUnaryRequest(
        `/${service}/ServerLive`,
        same,
        same,
        Buffer.alloc(0),
        new Metadata(),
        options,
        (error, answer) => (error ? reject(error) : resolve(answer)),
      );
    });
  const address = `localhost:${secure.grpcPort}`;
  const trusting = new Client(address, credentials.createSsl(readFileSync(certificate)));
  expect(await live(trusting)).toEqual(Buffer.from([8, 1]));
  const plain = new Client(address, credentials.createInsecure());
  await expect(live(plain)).rejects.toMatchObject({ code: status.UNAVAILABLE });
  trusting.close();
  plain.close();
  await secure.close();
});
