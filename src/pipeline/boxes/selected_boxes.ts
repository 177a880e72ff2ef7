// Which boxes count, in plain TypeScript: what `select_boxes` is measured against. Rule: torchvision/csrc/ops/cpu/nms_kernel.cpp, in float32.
import { float32, int64, strings, type Tensor } from "../../onnx/index.ts";

export interface Selection {
  readonly activation: "none" | "softmax" | "sigmoid";
  readonly background: "none" | "first" | "last";
  readonly score: number;
  readonly overlap?: number | undefined;
  readonly suppress: "within_class" | "any_class";
  readonly classes_per_box: "best" | "all";
  readonly limit: number;
}

interface Candidate {
  readonly box: number;
  readonly label: number;
  readonly score: number;
}

const f = Math.fround;

/** Boxes, scores, labels (or numbers of classes), counts; what is not there is 0, "" or -1. */
export function selectedBoxes(
  boxes: Tensor,
  numbers: Tensor,
  rows: number,
  selection: Selection,
  classes: number,
  labels: readonly string[] | undefined,
): Tensor[] {
  const { limit } = selection;
  const [corners, scores] = [new Float32Array(rows * limit * 4), new Float32Array(rows * limit)];
  const found = new Array<number>(rows * limit).fill(-1);
  const counts: number[] = [];
  const [count, all] = [boxes.dims[1]!, numbers.dims[2]!];
  for (let row = 0; row < rows; row++) {
    const own = (boxes.data as Float32Array).subarray(row * count * 4, (row + 1) * count * 4);
    const said = (numbers.data as Float32Array).subarray(row * count * all, (row + 1) * count * all);
    const kept = bestOf(own, candidatesOf(said, count, all, classes, selection), selection);
    counts.push(kept.length);
    kept.forEach(({ box, label, score }, i) => {
      corners.set(own.subarray(box * 4, box * 4 + 4), (row * limit + i) * 4);
      scores[row * limit + i] = score;
      found[row * limit + i] = label;
    });
  }
  return [
    float32(corners, [rows, limit, 4]),
    float32(scores, [rows, limit]),
    labels
      ? strings(
          found.map((label) => labels[label] ?? ""),
          [rows, limit],
        )
      : int64(found, [rows, limit]),
    int64(counts),
  ];
}

function candidatesOf(
  said: Float32Array,
  count: number,
  all: number,
  classes: number,
  selection: Selection,
): Candidate[] {
  const first = selection.background === "first" ? 1 : 0;
  const candidates: Candidate[] = [];
  for (let box = 0; box < count; box++) {
    const scores = activated([...said.subarray(box * all, (box + 1) * all)], selection.activation).slice(
      first,
      first + classes,
    );
    let best = 0;
    scores.forEach((score, label) => {
      if (score > (scores[best]! >= -Infinity ? scores[best]! : -Infinity)) best = label;
    });
    scores.forEach((score, label) => {
      if (score > selection.score && (selection.classes_per_box === "all" || label === best))
        candidates.push({ box, label, score });
    });
  }
  return candidates;
}

function activated(numbers: number[], activation: Selection["activation"]): number[] {
  if (activation === "none") return numbers;
  if (activation === "sigmoid") return numbers.map((value) => f(1 / (1 + Math.exp(-value))));
  const most = Math.max(...numbers);
  const powers = numbers.map((value) => Math.exp(value - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => f(power / sum));
}

function bestOf(
  boxes: Float32Array,
  candidates: readonly Candidate[],
  { overlap, suppress, classes_per_box: per, limit }: Selection,
): Candidate[] {
  const isAny = suppress === "any_class" && per === "best";
  const order = [...candidates].sort((p, q) => q.score - p.score || (isAny ? 0 : p.label - q.label) || p.box - q.box);
  if (overlap === undefined) return order.slice(0, limit);
  const kept: Candidate[] = [];
  for (const candidate of order) {
    const rivals = isAny ? kept : kept.filter(({ label }) => label === candidate.label);
    if (rivals.every(({ box }) => !(shared(boxes, box, candidate.box) > f(overlap)))) kept.push(candidate);
  }
  return kept.slice(0, limit);
}

/** Intersection over union. */
function shared(boxes: Float32Array, p: number, q: number): number {
  const [a, b] = [p, q].map((box) => {
    const [x0, y0, x1, y1] = [...boxes.subarray(box * 4, box * 4 + 4)] as [number, number, number, number];
    return [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)] as const;
  }) as [readonly [number, number, number, number], readonly [number, number, number, number]];
  const width = f(Math.min(a[2], b[2]) - Math.max(a[0], b[0]));
  const height = f(Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  if (!(width > 0 && height > 0)) return 0;
  const area = (box: readonly [number, number, number, number]) => f(f(box[2] - box[0]) * f(box[3] - box[1]));
  const both = f(width * height);
  return f(both / f(f(area(a) + area(b)) - both));
}
