// What a dialect is: routes over the one core, and the form its errors take.
import type { IngotError } from "../../core/index.ts";
import type { Described, DescribedModel } from "../openapi_parts.ts";
import type { Route } from "../router.ts";
import type { Serving } from "../serving.ts";

export interface Dialect {
  readonly name: string;
  /** Errors at and below this path are written by this dialect; the longest match wins. */
  readonly prefix: string;
  routes(serving: Serving): readonly Route[];
  /** JSON value of an error's body. */
  errorBody(error: IngotError, requestId: string): unknown;
  /** Its routes in the OpenAPI document; those that it leaves out are described by what they say about themselves. */
  describe?(models: readonly DescribedModel[], serving: Serving): Described;
}

/** What `/predict` and everything else without a protocol of its own answers. */
export function plainErrorBody(error: IngotError, requestId: string): unknown {
  const id = error.httpStatus === 500 ? { requestId } : {};
  return { error: { ...error.toJSON(), ...id } };
}

/** An error in one line, for protocols whose errors are a text. */
export function messageOf(error: IngotError, requestId: string): string {
  const where = error.where ? `${error.where}: ` : "";
  const fix = error.fix ? `; ${error.fix}` : "";
  const id = error.httpStatus === 500 ? ` (request ${requestId})` : "";
  return `${where}${error.what}${fix}${id}`;
}
