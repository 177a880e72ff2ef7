// The ONNX project's own backend test models: what Ingot writes back is the same model to ONNX Runtime.
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { afterAll, describe, expect, test } from "vitest";
import {
  inferModel,
  type Model,
  readModel,
  readTensor,
  type Tensor,
  tensorOf,
  writeModel,
} from "../../src/onnx/index.ts";

const folder = execFileSync("sh", ["scripts/onnx_testdata.sh"], {
  encoding: "utf8",
  stdio: ["ignore", "pipe", "inherit"],
}).trim();
const models = folder ? globSync("*/*/model.onnx", { cwd: folder }).sort() : [];
if (models.length === 0) console.warn("conformance/onnx_testdata: skipped, the ONNX test data is not on this machine");

const options: InferenceSession.SessionOptions = { logSeverityLevel: 4, intraOpNumThreads: 1, interOpNumThreads: 1 };
/** Two runs of the same bytes differ: these draw random numbers. */
const random = /bernoulli|random|multinomial|dropout.*train|training_dropout/;
const seen = { compared: 0, refused: 0, loadedOnly: 0, typed: 0, shaped: 0 };

describe.skipIf(models.length === 0)("ONNX test data", () => {
  test.each(models)("%s", async (path) => {
    const original = readFileSync(join(folder, path));
    const model = readModel(original, path);
    const written = writeModel(model);
    expect(Buffer.compare(writeModel(readModel(written, path)), written), "second round trip").toBe(0);

    checkInference(readModel(original, path));

    const [before, after] = [await load(original), await load(written)];
    if (typeof before === "string" || typeof after === "string") {
      seen.refused++;
      expect(after).toEqual(before);
      return;
    }
    const feeds = inputsOf(join(folder, dirname(path), "test_data_set_0"), model);
    if (!feeds || random.test(path)) {
      seen.loadedOnly++;
      return;
    }
    const expected = await run(before, feeds);
    expect(await run(after, feeds)).toEqual(expected);
    if (typeof expected === "string") seen.loadedOnly++;
    else seen.compared++;
  });

  afterAll(() => {
    console.log(
      `onnx test data: ${models.length} models, ${seen.compared} ran with equal results, ${seen.loadedOnly} only loaded, ${seen.refused} refused by ONNX Runtime both before and after; ${seen.typed} types and ${seen.shaped} shapes inferred`,
    );
    expect(seen.compared).toBeGreaterThan(700);
  });
});

/** Types and shapes inferred without the file's own declarations must not contradict them. */
function checkInference(model: Model): void {
  const declared = model.graph.outputs;
  model.graph.valueInfos = [];
  model.graph.outputs = declared.map((output) => ({ ...output, type: null }));
  const facts = inferModel(model);
  for (const { name, type } of declared) {
    const fact = facts.get(name);
    if (type?.kind !== "tensor" || !fact) continue;
    if (fact.dtype) {
      seen.typed++;
      expect(fact.dtype, name).toBe(type.dtype);
    }
    if (!fact.shape || !type.shape) continue;
    seen.shaped++;
    const expected = type.shape.map((size, i) =>
      typeof fact.shape![i] === "number" && typeof size === "number" ? size : fact.shape![i],
    );
    expect(fact.shape, name).toEqual(expected);
  }
}

/** The session, or why there is none. */
async function load(bytes: Uint8Array): Promise<InferenceSession | string> {
  try {
    return await InferenceSession.create(bytes, options);
  } catch (cause) {
    return String(cause);
  }
}

/** Every output's type, shape and bits; or why it did not run. */
async function run(session: InferenceSession, feeds: Record<string, OrtTensor>): Promise<unknown> {
  try {
    const results = await session.run(feeds);
    return Object.entries(results).map(([name, { type, dims, data }]) => [name, type, dims, bits(data)]);
  } catch (cause) {
    return String(cause);
  } finally {
    await session.release();
  }
}

function bits(data: OrtTensor["data"]): unknown {
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex") : data;
}

/** The recorded inputs; null where one is not a tensor that the runtime's JavaScript binding takes. */
function inputsOf(set: string, model: Model): Record<string, OrtTensor> | null {
  const initialized = new Set(model.graph.initializers.map((initializer) => initializer.name));
  const wanted = model.graph.inputs.filter((input) => !initialized.has(input.name));
  const feeds: Record<string, OrtTensor> = {};
  for (const [i, { name, type }] of wanted.entries()) {
    const path = join(set, `input_${i}.pb`);
    if (type?.kind !== "tensor" || !existsSync(path)) return null;
    const tensor = ortTensor(tensorOf(readTensor(readFileSync(path), path)));
    if (!tensor) return null;
    feeds[name] = tensor;
  }
  return feeds;
}

function ortTensor({ dtype, dims, data }: Tensor): OrtTensor | null {
  try {
    return new OrtTensor(dtype as OrtTensor.Type, data as OrtTensor.DataTypeMap[OrtTensor.Type], dims);
  } catch {
    return null; // complex, bfloat16 and float8 tensors have no JavaScript form
  }
}
