// hdf5: a file of groups, datasets and attributes; old Keras models are one. Values are skipped, not read.
import { bytesFollow, IngotError } from "../../core/index.ts";
import type { Format, ModelDescription } from "../format.ts";
import { type JsonValue, readJsonText, textAt } from "../json/index.ts";
import { observeKeras } from "../keras/config.ts";
import { pictureOf } from "../keras/picture.ts";
import type { OpenFile } from "../source.ts";
import type { Survey } from "../survey.ts";
import { gapsOf } from "./gaps.ts";
import { type Hdf5Model, readObjects } from "./objects.ts";
import { signatureAt } from "./superblock.ts";
import { weightsOf } from "./weights.ts";

export type { Hdf5Model } from "./objects.ts";

const gapPart = 1 << 20;

export const hdf5: Format<Hdf5Model> = {
  id: "hdf5",
  title: "HDF5, with Keras models in it",
  detect: (head) => signatureAt(head) >= 0,
  read: readObjects,
  describe: describeHdf5,
  async survey(file, survey) {
    try {
      await surveyObjects(file, survey);
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      const subject = error.code === "FILE_TRUNCATED" ? "truncated" : "structure";
      survey.observe({ kind: "anomaly", subject, detail: error.message });
      survey.observe({ kind: "unread", detail: error.message });
    }
  },
};

async function surveyObjects(file: OpenFile, survey: Survey): Promise<void> {
  const model = await readObjects(file);
  const ranges: (readonly [number, number])[] = [...model.seen];
  for (const { path, storage } of model.datasets) {
    if (storage.unread !== undefined) survey.observe({ kind: "unread", detail: `${path}: ${storage.unread}` });
    for (const { start, size } of storage.parts)
      if (start + size > file.size)
        survey.observe({
          kind: "anomaly",
          subject: "truncated",
          at: start,
          detail: `the values of ${path} are cut off`,
        });
      else ranges.push([start, start + size]);
  }
  for (const [start, end] of ranges) survey.covered(start, end);
  for (const [start, end] of gapsOf(ranges, file.size)) await coverZeros(file, start, end, survey);
  for (const detail of model.unread) survey.observe({ kind: "unread", detail });
  for (const path of model.outside) survey.observe({ kind: "path", path, purpose: "loading reads another HDF5 file" });
  if (model.end < file.size)
    survey.observe({
      kind: "anomaly",
      subject: "trailing-data",
      at: model.end,
      detail: `${bytesFollow(file.size - model.end)} the end of the HDF5 file`,
    });
  else if (model.end > file.size)
    survey.observe({ kind: "anomaly", subject: "truncated", detail: `the file should hold ${model.end} bytes` });
  for (const name of ["model_config", "training_config"]) {
    const config = rootText(model, name);
    if (config === undefined) continue;
    const { value, duplicates } = readJsonText(config, `${file.name}: ${name}`);
    for (const key of duplicates) survey.observe({ kind: "anomaly", subject: "duplicate", detail: `${name}: ${key}` });
    for (const observation of observeKeras(value)) survey.observe(observation);
  }
}

/** Free space that is zero holds nothing; what it holds otherwise nobody can say. */
async function coverZeros(file: OpenFile, start: number, end: number, survey: Survey): Promise<void> {
  for (let at = start; at < end; at += gapPart) {
    const stop = Math.min(end, at + gapPart);
    if ((await file.read(at, stop)).every((byte) => byte === 0)) survey.covered(at, stop);
  }
}

function rootText(model: Hdf5Model, name: string): string | undefined {
  const value = model.attributes.get("/")?.find((attribute) => attribute.name === name)?.value;
  return typeof value === "string" ? value : undefined;
}

function describeHdf5(model: Hdf5Model): ModelDescription {
  const weights = weightsOf(model);
  const config = kerasConfigOf(model);
  const version = rootText(model, "keras_version");
  const backend = rootText(model, "backend");
  const library = version === undefined ? {} : { producer: { name: "Keras", version } };
  if (config === null)
    return {
      format: "hdf5",
      formatVersion: String(model.version),
      ...library,
      task: "unknown",
      summary: `${model.groups.length} groups, ${model.datasets.length} datasets`,
      inputs: [],
      outputs: [],
      ...weights,
    };
  const picture = pictureOf(config);
  return {
    format: "keras-h5",
    formatVersion: String(model.version),
    ...library,
    ...weights,
    ...picture,
    facts: [
      ...(backend === undefined ? [] : [["backend", backend] as const]),
      ...(textAt(config, "class_name") === undefined ? [] : [["layers", ""] as const]),
      ...picture.facts,
      ...weights.facts,
    ],
  };
}

function kerasConfigOf(model: Hdf5Model): JsonValue | null {
  const text = rootText(model, "model_config");
  if (text === undefined) return null;
  try {
    return readJsonText(text, "model_config").value;
  } catch (error) {
    if (error instanceof IngotError) return null;
    throw error;
  }
}
