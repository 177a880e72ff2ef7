// A JavaScript engine inside WebAssembly (QuickJS) that sees nothing of the host. Its memory is kept as it was when the module had been loaded,
// and put back after each record, so that nothing is carried from one to the next. Memory and time are bounded. Runs in a thread that can be
// ended: some of the engine's own functions look at no clock (indexOf on an array of 2^32 elements).
import variant from "@jitl/quickjs-singlefile-mjs-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSWASMModule,
} from "quickjs-emscripten-core";
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
  let loaded: Loaded | null = null;
  let end = 0;
  let isLate = false;
  const isOver = () => {
    isLate ||= performance.now() > end;
    return isLate;
  };
  return (argument) => {
    end = performance.now() + limits.timeoutMs;
    isLate = false;
    let isWell = false;
    try {
      loaded ??= load(engine, code, exported, names, limits, isOver);
      if (!loaded.found) return noFunction(exported);
      const outcome: Outcome = { written: argument === null ? "" : answered(loaded, argument) };
      isWell = true;
      return outcome;
    } catch (error) {
      // What the engine itself reports has left it in order; a trap may not have.
      isWell = loaded !== null && (error as EngineError).cause !== undefined;
      if (isLate) return { spent: "time" };
      return isMemory(error) ? { spent: "memory" } : { thrown: thrownBy(error) };
    } finally {
      if (loaded && isWell) new Uint8Array(engine.getWasmMemory().buffer).set(loaded.memory);
      else {
        loaded?.close();
        loaded = null;
      }
    }
  };
}

/** An engine with the module in it. */
interface Loaded {
  readonly context: QuickJSContext;
  readonly read: QuickJSHandle;
  readonly write: QuickJSHandle;
  readonly list: QuickJSHandle;
  readonly found: QuickJSHandle | null;
  /** All of the engine's memory that is in use. */
  readonly memory: Uint8Array;
  close(): void;
}

function load(
  engine: QuickJSWASMModule,
  code: string,
  exported: string,
  names: string,
  { memoryBytes }: SandboxLimits,
  isOver: () => boolean,
): Loaded {
  const runtime = engine.newRuntime();
  runtime.setMemoryLimit(memoryBytes);
  runtime.setMaxStackSize(stackBytes);
  runtime.setInterruptHandler(isOver);
  const context = runtime.newContext();
  const handles: QuickJSHandle[] = [];
  const kept = (handle: QuickJSHandle) => {
    handles.push(handle);
    return handle;
  };
  const close = () => {
    for (const handle of handles) handle.dispose();
    context.dispose();
    runtime.dispose();
  };
  try {
    const tools = kept(context.unwrapResult(context.evalCode(prelude, "prelude.js")));
    const read = kept(context.getProp(tools, "read"));
    const write = kept(context.getProp(tools, "write"));
    const module = kept(context.unwrapResult(context.evalCode(code, "step.js", { type: "module" })));
    const property = kept(context.getProp(module, exported));
    const found = context.typeof(property) === "function" ? property : null;
    const list = kept(context.newString(names));
    return { context, read, write, list, found, memory: memoryInUse(engine), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Up to the last byte that is not 0. What the engine takes beyond it, it clears or writes first. */
function memoryInUse(engine: QuickJSWASMModule): Uint8Array {
  const bytes = new Uint8Array(engine.getWasmMemory().buffer);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.slice(0, end);
}

function noFunction(exported: string): Outcome {
  return { thrown: { name: "TypeError", message: `the module exports no function \`${exported}\``, stack: "" } };
}

function answered({ context, read, write, list, found }: Loaded, argument: string): string {
  using text = context.newString(argument);
  using record = call(context, read, text);
  using result = call(context, found!, record);
  using written = call(context, write, result, list);
  return context.getString(written);
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
