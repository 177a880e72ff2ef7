// Scans what the first argument names and prints the report with the largest memory of this process in MiB.
import { scanPath } from "../../src/scan/index.ts";

const report = await scanPath(process.argv[2]!);
process.stdout.write(JSON.stringify({ report, peak: process.resourceUsage().maxRSS / 1024 }));
