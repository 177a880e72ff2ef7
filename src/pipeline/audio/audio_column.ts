// Columns that hold audio, and how graphs cut them into frames.
import { float64, type GraphBuilder, int64, type Value } from "../../onnx/index.ts";
import { sizeOf, whole } from "../images/image_column.ts";
import type { Column, Frame } from "../step.ts";

/** `[samples]` of float32. @throws PIPELINE_INVALID */
export function audioColumn(frame: Frame, name: string): Column {
  const column = frame.column(name);
  if (column.isBytes)
    throw frame.refuse(`column \`${name}\` is the contents of a file`, {
      option: "column",
      fix: "`decode_audio` it first",
    });
  if (column.shape.length !== 1 || column.dtype !== "float32")
    throw frame.refuse(
      `column \`${name}\` is ${column.dtype} of shape [${column.shape.map((size) => size ?? "?")}], not [samples] of float32`,
      { option: "column" },
    );
  return column;
}

/** What stands before and behind the samples. */
export type Border = "constant" | "reflect";

export interface Frames {
  readonly length: number;
  readonly hop: number;
  /** Samples of border before the first and behind the last. */
  readonly border: number;
  readonly mode: Border;
}

/** How many frames a signal has: whole ones, and at least one. */
export function frameCount(samples: number, { length, hop, border }: Frames): number {
  return Math.max(0, Math.floor((samples + 2 * border - length) / hop)) + 1;
}

/** Fewer samples cannot be framed: one frame without borders, or more than a mirrored border. */
export function fewestSamples({ length, border, mode }: Frames): number {
  return mode === "reflect" && border > 0 ? border + 1 : Math.max(1, length - 2 * border);
}

/** Which sample stands at a position; null is a 0. */
export function sampleAt(position: number, samples: number, mode: Border): number | null {
  if (mode === "constant") return position >= 0 && position < samples ? position : null;
  const last = samples - 1;
  return Math.max(0, last - Math.abs(last - Math.abs(position)));
}

/** @param value float32 `[N, samples]`. @returns float64 `[N, frames, length]` */
export function emitFrames(g: GraphBuilder, value: Value, frames: Frames): Value {
  const { length, hop, border, mode } = frames;
  const samples = sizeOf(g, value, 1);
  const room = g.op("Max", [g.op("Sub", [samples, whole(g, length - 2 * border)]), whole(g, 0)]);
  const count = g.op("Add", [g.op("Div", [room, whole(g, hop)]), whole(g, 1)]);
  const starts = g.op("Mul", [g.op("Range", [whole(g, 0), count, whole(g, 1)]), whole(g, hop)]);
  const offsets = g.constant(int64(Array.from({ length }, (_, i) => i - border)), "offsets");
  const position = g.op("Add", [g.op("Unsqueeze", [starts, g.constant(int64([1]), "second")]), offsets]);
  const last = g.op("Sub", [samples, whole(g, 1)]);
  const double = g.op("Cast", [value], { to: 11 });
  if (mode === "reflect") {
    const mirrored = g.op("Sub", [last, g.op("Abs", [g.op("Sub", [last, g.op("Abs", [position])])])]);
    return g.op("Gather", [double, g.op("Max", [mirrored, whole(g, 0)])], { axis: 1 });
  }
  const isInside = g.op("And", [
    g.op("GreaterOrEqual", [position, whole(g, 0)]),
    g.op("LessOrEqual", [position, last]),
  ]);
  const nearest = g.op("Max", [g.op("Min", [position, last]), whole(g, 0)]);
  return g.op("Where", [
    isInside,
    g.op("Gather", [double, nearest], { axis: 1 }),
    g.constant(float64([0], []), "silence"),
  ]);
}

/** True for every record of a batch whose audio is too short. */
export function emitTooShort(g: GraphBuilder, value: Value, frames: Frames): Value {
  const isShort = g.op("Less", [sizeOf(g, value, 1), whole(g, fewestSamples(frames))]);
  return g.op("Expand", [isShort, g.op("Shape", [value], { start: 0, end: 1 })]);
}

export function tooShort(column: string, frames: Frames) {
  return {
    column,
    what: `audio of fewer than ${fewestSamples(frames)} samples`,
    fix: "send longer audio",
  };
}
