// A model answers before it is let at anybody.
import { IngotError } from "../../core/index.ts";
import { callWithoutClient } from "../call.ts";
import { exampleOf } from "../example_record.ts";
import type { ServedModel } from "../served_model.ts";

/** The first runs of a graph are slow: they lay out its memory. */
const warmUpRuns = 3;

/** Answers an example a few times; the answer itself is the certificate's matter. @throws DEPLOYMENT_REFUSED when it cannot answer */
export async function warmUp(model: ServedModel): Promise<void> {
  const example = exampleOf(model.schema, model.example);
  for (let run = 0; run < warmUpRuns; run++)
    try {
      await model.predict([example], callWithoutClient());
    } catch (cause) {
      // A record made from the schema alone may be one that the model refuses: that is no failure of the model.
      if (model.example === undefined && cause instanceof IngotError && cause.httpStatus < 500) return;
      throw new IngotError("DEPLOYMENT_REFUSED", {
        what: `${model.version} cannot answer its example: ${cause instanceof Error ? cause.message : String(cause)}`,
        where: `models.${model.name}, variant ${model.variant}`,
        cause,
      });
    }
}
