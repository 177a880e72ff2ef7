// `POST /outcomes/{request}`: what became of a prediction, joined to it by the request's id.
import { IngotError, quoted } from "../../core/index.ts";
import { readJson } from "../../runtime/index.ts";
import { readBody, textOf } from "../body.ts";
import { type Dialect, plainErrorBody } from "./dialect.ts";

const largestBody = 64 * 1024;
const mostOutcomes = 32;

export const outcomes: Dialect = {
  name: "outcomes",
  prefix: "/outcomes",
  errorBody: plainErrorBody,
  routes: (serving) => [
    {
      method: "POST",
      path: "/outcomes/{request}",
      about: "Tell what became of a prediction: a number, a truth value, a text, or several by name",
      handle: async (exchange, [id]) => {
        const { predictions } = serving.watch;
        if (!predictions)
          throw new IngotError("ROUTE_UNKNOWN", {
            what: "this server keeps no predictions to join outcomes with",
            fix: "say `predictions: { folder: … }` in deployment.yaml",
          });
        const body = await readBody(exchange.request, largestBody, exchange.memory);
        await predictions.outcome(id!, outcomesOf(readJson(textOf(body), "request body")));
        exchange.send(204, null, "");
      },
    },
  ],
};

/** A single value is called `outcome`. @throws IngotError INPUT_INVALID */
function outcomesOf(given: unknown): Record<string, unknown> {
  const values =
    typeof given === "object" && given !== null && !Array.isArray(given)
      ? (given as Record<string, unknown>)
      : { outcome: given };
  const entries = Object.entries(values);
  if (entries.length === 0 || entries.length > mostOutcomes)
    throw new IngotError("INPUT_INVALID", {
      what: `expected 1 to ${mostOutcomes} outcomes, got ${entries.length}`,
      where: "request body",
    });
  for (const [name, value] of entries)
    if (name.length > 100 || !["number", "boolean", "string"].includes(typeof value))
      throw new IngotError("INPUT_INVALID", {
        what: `expected a number, a truth value or a text, got ${quoted(value)}`,
        where: `request body.${name.slice(0, 100)}`,
      });
  return values;
}
