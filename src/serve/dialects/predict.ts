// `POST /predict`: a record in, a record out; an array of records in, an array of the same length out.
import { IngotError, quoted } from "../../core/index.ts";
import { type InputRecord, type QuickRecords, readJson, writeJson } from "../../runtime/index.ts";
import { readBody, textOf } from "../body.ts";
import type { Exchange } from "../exchange.ts";
import type { ServedModel } from "../served_model.ts";
import type { Serving } from "../serving.ts";
import { type Dialect, plainErrorBody } from "./dialect.ts";
import { describePredict } from "./records_openapi.ts";

export const predict: Dialect = {
  name: "predict",
  prefix: "/predict",
  errorBody: plainErrorBody,
  describe: describePredict,
  routes: (serving) => [
    {
      method: "POST",
      path: "/predict",
      about: "Predict one record or an array of records",
      handle: (exchange) => answer(serving, exchange, exchange.choose()),
    },
    {
      method: "POST",
      path: "/predict/{model}",
      about: "Predict with one of several models, by its name",
      handle: (exchange, [name]) => answer(serving, exchange, exchange.choose(name)),
    },
  ],
};

async function answer(serving: Serving, exchange: Exchange, model: ServedModel): Promise<void> {
  const body = await readBody(exchange.request, serving.options.bodyLimit);
  const received = performance.now();
  const quick = model.read(body);
  if (quick) return answerQuick(exchange, model, quick, received);
  const given = readJson(textOf(body), "request body");
  const records = Array.isArray(given) ? given : [given];
  for (const [index, record] of records.entries()) checkRecord(record, Array.isArray(given) ? index : null);

  const { phases } = exchange.call;
  phases.parse = performance.now() - received;
  const outputs = await model.predict(records as InputRecord[], exchange.call);
  const computed = performance.now();
  const text = writeJson(Array.isArray(given) ? outputs : outputs[0]);
  phases.encode = performance.now() - computed;
  exchange.json(200, text);
}

/** The same answer without records in between. */
async function answerQuick(
  exchange: Exchange,
  model: ServedModel,
  { feeds, rows, isArray }: QuickRecords,
  received: number,
): Promise<void> {
  const { phases } = exchange.call;
  phases.parse = performance.now() - received;
  const results = await model.run(feeds, exchange.call);
  const computed = performance.now();
  const text = model.write(results, rows, isArray);
  phases.encode = performance.now() - computed;
  exchange.json(200, text);
}

function checkRecord(record: unknown, index: number | null): void {
  if (typeof record === "object" && record !== null && !Array.isArray(record)) return;
  throw new IngotError("INPUT_INVALID", {
    what: `expected a record (a JSON object with the inputs by name), got ${quoted(record)}`,
    where: index === null ? "request body" : `request body, record ${index}`,
    fix: "GET /openapi.json shows an example",
  });
}
