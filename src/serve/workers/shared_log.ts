// The log of predictions, written by several processes: each has files of its own, and together they stay within the bound.
import type { PredictionLogEntry } from "../deployment/deployment_file.ts";

/** @param workers that write; each may have a file open that nobody may remove */
export function sharedLog(settings: PredictionLogEntry, workers: number): PredictionLogEntry {
  return { ...settings, rotate_mb: Math.min(settings.rotate_mb, settings.keep_mb / (2 * workers)) };
}
