// A JavaScript engine inside WebAssembly (QuickJS) that sees nothing of the host. Each record gets an engine of its own, so that nothing is
// carried from one to the next; memory and time are bounded. Runs in a thread that can be ended: some of the engine's own functions look at
// no clock (indexOf on an array of 2^32 elements).
import variant from "@jitl/quickjs-singlefile-mjs-release-sync";
import { newQuickJSWASMModuleFromVariant, type QuickJSContext, type QuickJSHandle } from "quickjs-emscripten-core";
import { prelude } from "./prelude.ts";

export interface SandboxLimits {
  readonly timeoutMs: number;
  readonly memoryBytes: number;
}

/** What came of one record. `written` is what the prelude wrote: {values}, {wrong} or {stranger}. */
export type Outcome =
  | { readonly written: string }
  | { readonly thrown: { readonly name: string; readonly message: string; readonly stack: string } }
  | { readonly spent: "time" | "memory" };

const stackBytes = 512 * 1024;
const longestMessage = 500;

export type Sandbox = (argument: string | null) => Outcome;

/**
 * @param code an ES module without imports
 * @param exported name of its function
 * @param names of the results, as a JSON list
 * @returns runs the function on one record (JSON text); without one only looks for the function
 */
export async function openSandbox(
  code: string,
  exported: string,
  names: string,
  limits: SandboxLimits,
): Promise<Sandbox> {
  const engine = await newQuickJSWASMModuleFromVariant(variant);
  return (argument) => {
    const runtime = engine.newRuntime();
    runtime.setMemoryLimit(limits.memoryBytes);
    runtime.setMaxStackSize(stackBytes);
    const end = performance.now() + limits.timeoutMs;
    let isLate = false;
    runtime.setInterruptHandler(() => {
      isLate ||= performance.now() > end;
      return isLate;
    });
    const context = runtime.newContext();
    try {
      return run(context, code, exported, names, argument);
    } catch (error) {
      if (isLate) return { spent: "time" };
      return isMemory(error) ? { spent: "memory" } : { thrown: thrownBy(error) };
    } finally {
      context.dispose();
      runtime.dispose();
    }
  };
}

function run(context: QuickJSContext, code: string, exported: string, names: string, argument: string | null): Outcome {
  using tools = context.unwrapResult(context.evalCode(prelude, "prelude.js"));
  using read = context.getProp(tools, "read");
  using write = context.getProp(tools, "write");
  using module = context.unwrapResult(context.evalCode(code, "step.js", { type: "module" }));
  using found = context.getProp(module, exported);
  if (context.typeof(found) !== "function")
    return { thrown: { name: "TypeError", message: `the module exports no function \`${exported}\``, stack: "" } };
  if (argument === null) return { written: "" };
  using text = context.newString(argument);
  using record = call(context, read, text);
  using result = call(context, found, record);
  using list = context.newString(names);
  using written = call(context, write, result, list);
  return { written: context.getString(written) };
}

function call(context: QuickJSContext, callee: QuickJSHandle, ...given: QuickJSHandle[]): QuickJSHandle {
  return context.unwrapResult(context.callFunction(callee, context.undefined, ...given));
}

interface EngineError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
  readonly cause?: { readonly name?: unknown; readonly message?: unknown; readonly stack?: unknown };
}

function isMemory(error: unknown): boolean {
  const { cause, message } = error as EngineError;
  return /out of memory|memory access out of bounds/i.test(`${cause?.message ?? ""} ${message ?? ""}`);
}

function thrownBy(error: unknown): { name: string; message: string; stack: string } {
  const { cause } = error as EngineError;
  const { name, message, stack } = cause ?? (error as EngineError);
  const word = (value: unknown, otherwise: string) =>
    (typeof value === "string" ? value : otherwise).slice(0, longestMessage);
  return { name: word(name, "Error"), message: word(message, String(cause ?? error)), stack: word(stack, "") };
}
