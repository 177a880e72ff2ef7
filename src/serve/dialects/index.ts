// The dialects this server speaks. A new one is a file here and a line below.
import { describe } from "./describe.ts";
import type { Dialect } from "./dialect.ts";
import { health } from "./health.ts";
import { mlflow } from "./mlflow.ts";
import { observe } from "./observe.ts";
import { oip } from "./oip.ts";
import { outcomes } from "./outcomes.ts";
import { pages } from "./pages.ts";
import { predict } from "./predict.ts";
import { sagemaker } from "./sagemaker.ts";
import { tensorflowServing } from "./tensorflow_serving.ts";

export const dialects: readonly Dialect[] = [
  predict,
  oip,
  mlflow,
  tensorflowServing,
  sagemaker,
  health,
  describe,
  observe,
  outcomes,
  pages,
];
