// `POST /predict`: a record in, a record out; an array of records in, an array of the same length out. A record that cannot be answered has
// `{"error": …}` in its place, the others are answered; where none is, the request fails as a single record would.
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
  const body = await readBody(exchange.request, serving.options.bodyLimit, exchange.memory);
  const received = performance.now();
  const quick = model.read(body);
  if (quick && (await answerQuick(exchange, model, quick, received))) return;
  const given = readJson(textOf(body), "request body");
  const records = Array.isArray(given) ? given : [given];
  if (!Array.isArray(given)) checkRecord(given, null);
  const { phases } = exchange.call;
  phases.parse = performance.now() - received;
  if (Array.isArray(given) && given.length > 0) return answerEach(exchange, model, given);
  const outputs = await model.predict(records as InputRecord[], exchange.call);
  const computed = performance.now();
  const text = writeJson(Array.isArray(given) ? outputs : outputs[0]);
  phases.encode = performance.now() - computed;
  exchange.json(200, text);
}

/** An array: what is wrong with one record is that record's answer. */
async function answerEach(exchange: Exchange, model: ServedModel, given: readonly unknown[]): Promise<void> {
  const { call } = exchange;
  const strangers = given.map((record, index) => strangerOf(record, index));
  const records = given.filter((_, index) => strangers[index] === null) as InputRecord[];
  const together = strangers.every((stranger) => stranger === null)
    ? await answeredTogether(model, records, call)
    : null;
  const answered = together ?? (records.length === 0 ? [] : await model.predictEach(records, call));
  let next = 0;
  const answers = strangers.map((stranger) => stranger ?? answered[next++]!);
  const failed = answers.filter((answer) => answer instanceof IngotError);
  if (failed.length === answers.length) throw failed[0]!;
  const computed = performance.now();
  const text = writeJson(answers.map((answer) => (answer instanceof IngotError ? { error: answer.toJSON() } : answer)));
  call.phases.encode = performance.now() - computed;
  exchange.json(200, text, failed.length === 0 ? {} : { "Ingot-Failed": String(failed.length) });
}

/** The usual case, in company of other requests; null where a record is at fault. */
async function answeredTogether(model: ServedModel, records: InputRecord[], call: Exchange["call"]) {
  try {
    return await model.predict(records, call);
  } catch (error) {
    if (error instanceof IngotError && isOfRecord(error)) return null;
    throw error;
  }
}

const isOfRecord = ({ code }: IngotError) => code === "INPUT_INVALID" || code === "RECORD_REFUSED";

function strangerOf(record: unknown, index: number): IngotError | null {
  try {
    checkRecord(record, index);
    return null;
  } catch (error) {
    if (error instanceof IngotError) return error;
    throw error;
  }
}

/** The same answer without records in between; false where a record of several is refused, which then has to be told apart. */
async function answerQuick(
  exchange: Exchange,
  model: ServedModel,
  { feeds, rows, isArray }: QuickRecords,
  received: number,
): Promise<boolean> {
  const { phases } = exchange.call;
  phases.parse = performance.now() - received;
  let results: Awaited<ReturnType<ServedModel["run"]>>;
  try {
    results = await model.run(feeds, exchange.call);
  } catch (error) {
    if (rows > 1 && error instanceof IngotError && isOfRecord(error)) return false;
    throw error;
  }
  const computed = performance.now();
  const text = model.write(results, rows, isArray);
  phases.encode = performance.now() - computed;
  exchange.json(200, text);
  return true;
}

function checkRecord(record: unknown, index: number | null): void {
  if (typeof record === "object" && record !== null && !Array.isArray(record)) return;
  throw new IngotError("INPUT_INVALID", {
    what: `expected a record (a JSON object with the inputs by name), got ${quoted(record)}`,
    where: index === null ? "request body" : `request body, record ${index}`,
    fix: "GET /openapi.json shows an example",
  });
}
