// Where a worker process begins. It ends when the first process says so, or has ended itself; signals are the first one's matter.
import { giveBackWhenIdle } from "../give_back.ts";
import { Worker } from "./worker.ts";

const worker = new Worker(process as unknown as ConstructorParameters<typeof Worker>[0]);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
giveBackWhenIdle();
process.once("disconnect", () => {
  worker.stop().then(
    () => process.exit(0),
    () => process.exit(70),
  );
});
