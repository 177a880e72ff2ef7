// Steps on points in time.
import type { Step } from "../../step.ts";
import { dateParts } from "./date_parts.ts";
import { parseTime } from "./parse_time.ts";

export const times: readonly Step[] = [parseTime as Step, dateParts as Step];
