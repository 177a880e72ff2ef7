// One operator on the evaluator and on ONNX Runtime.
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { expect } from "vitest";
import { compileGraph, GraphBuilder, type Tensor, type Value, writeModel } from "../../src/onnx/index.ts";

async function nativeRun(bytes: Uint8Array, feeds: Record<string, Tensor>) {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, dims, data }]) => [
      name,
      new OrtTensor(dtype as "float32", data as Float32Array, dims),
    ]),
  );
  return { session, run: () => session.run(inputs) };
}

interface Within {
  readonly relative: number;
  /** ONNX Runtime's Sigmoid and Tanh are rational approximations whose error is absolute, not relative. */
  readonly absolute: number;
}

/** Runs one operator on both; without `within`, bits must be equal. */
export async function agree(
  inputs: Record<string, Tensor>,
  build: (g: GraphBuilder, values: Value[]) => Value,
  within: Within = { relative: 0, absolute: 0 },
): Promise<void> {
  const g = new GraphBuilder("test");
  const values = Object.entries(inputs).map(([name, tensor]) =>
    g.input(name, tensor.dtype, tensor.dims.length === 0 ? [] : ["N", ...tensor.dims.slice(1)]),
  );
  g.output(build(g, values), "y");
  const model = g.build();
  const { session, run } = await nativeRun(writeModel(model), inputs);
  const expected = (await run())["y"]!;
  const actual = compileGraph(model).run(inputs)["y"]!;
  await session.release();
  expect([...actual.dims]).toEqual([...expected.dims]);
  expect(actual.dtype).toBe(expected.type);
  const wanted = Array.from(expected.data as ArrayLike<unknown>);
  const got = Array.from(actual.data as ArrayLike<unknown>);
  const isExact = within.absolute === 0 && within.relative === 0;
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [got[i], wanted[i]];
    if (Object.is(a, b)) continue;
    const [x, y] = [Number(a), Number(b)];
    if (!isExact && Math.abs(x - y) <= within.absolute + within.relative * Math.abs(y)) continue;
    expect.fail(`element ${i}: ${String(a)} instead of ${String(b)}`);
  }
}
