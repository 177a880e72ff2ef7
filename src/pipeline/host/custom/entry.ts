// The thread of a custom step, in Node and in browsers: opens the sandbox, answers record by record. Entry of a bundle of its own.
import type { FromSandbox, ToSandbox } from "./message.ts";
import { openSandbox, type Sandbox } from "./sandbox.ts";

interface Port {
  postMessage(message: FromSandbox): void;
  onMessage(listener: (message: ToSandbox) => void): void;
}

async function port(): Promise<Port> {
  const own = globalThis as unknown as {
    postMessage?: (message: FromSandbox) => void;
    addEventListener?: (kind: "message", listener: (event: { data: ToSandbox }) => void) => void;
    WorkerGlobalScope?: unknown;
  };
  if (own.WorkerGlobalScope)
    return {
      postMessage: (message) => own.postMessage!(message),
      onMessage: (listener) => own.addEventListener!("message", ({ data }) => listener(data)),
    };
  const { parentPort } = await import("node:worker_threads");
  return {
    postMessage: (message) => parentPort!.postMessage(message),
    onMessage: (listener) => parentPort!.on("message", listener),
  };
}

let sandbox: Sandbox | null = null;
// Not awaited here: in Node the bundle's modules are CommonJS.
void port().then(({ postMessage, onMessage }) => {
  onMessage((message) => void answered(message, postMessage));
  // Browsers drop what arrives before someone listens.
  postMessage({ at: -1, outcome: { written: "" } });
});

async function answered(message: ToSandbox, postMessage: Port["postMessage"]): Promise<void> {
  if ("open" in message) {
    const { code, exported, names, limits } = message.open;
    sandbox = await openSandbox(code, exported, names, limits);
    postMessage({ at: null, outcome: sandbox(null) });
    return;
  }
  message.run.forEach((argument, at) => {
    postMessage({ at, outcome: sandbox!(argument) });
  });
}
