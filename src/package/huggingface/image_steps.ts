// preprocessor_config.json of image processors as steps. What a field means depends on the processor: rules from
// transformers/models/*/image_processing_*.py.
import { z } from "zod";
import { type HuggingFaceFolder, unsupported } from "./task.ts";

const file = "preprocessor_config.json";
const edge = z.int().positive();
const size = z.union([
  edge,
  z.strictObject({ height: edge, width: edge }),
  z.strictObject({ shortest_edge: edge, longest_edge: edge.optional() }),
]);

/** Every field that is understood; any other is refused by name. */
const fields = z.strictObject({
  image_processor_type: z.string().optional(),
  feature_extractor_type: z.string().optional(),
  do_resize: z.boolean().default(true),
  size: size.optional(),
  max_size: edge.nullish(),
  resample: z.int().optional(),
  default_to_square: z.boolean().optional(),
  do_center_crop: z.boolean().optional(),
  crop_size: size.nullish(),
  crop_pct: z.number().positive().nullish(),
  do_rescale: z.boolean().default(true),
  rescale_factor: z
    .number()
    .positive()
    .default(1 / 255),
  rescale_offset: z.boolean().default(false),
  do_normalize: z.boolean().optional(),
  image_mean: z.union([z.number(), z.array(z.number())]).nullish(),
  image_std: z.union([z.number(), z.array(z.number())]).nullish(),
  do_flip_channel_order: z.boolean().default(false),
  do_convert_rgb: z.boolean().nullish(),
  do_pad: z.boolean().optional(),
  // What does not change the pixels of one image.
  format: z.enum(["coco_detection"]).optional(),
  do_convert_annotations: z.boolean().optional(),
  do_reduce_labels: z.literal(false).optional(),
  reduce_labels: z.literal(false).optional(),
  processor_class: z.string().nullish(),
  _processor_class: z.string().nullish(),
  _valid_processor_keys: z.array(z.string()).optional(),
  return_tensors: z.null().optional(),
  data_format: z.enum(["channels_first"]).optional(),
  input_data_format: z.null().optional(),
  device: z.null().optional(),
  disable_grouping: z.boolean().nullish(),
  size_divisor: z.null().optional(),
  pad_size: z.null().optional(),
});

type Fields = z.infer<typeof fields>;
type Step = Readonly<Record<string, unknown>>;

const [half, imagenet] = [
  { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
];

interface Processor {
  /** Steps that bring the image to its size. */
  readonly fit: (fields: Fields) => Step[];
  readonly resample: number;
  readonly normalizes: { readonly mean: number[]; readonly std: number[] } | null;
}

/** By the name of the class without `ImageProcessor`, `ImageProcessorFast`, `FeatureExtractor`. */
const processors: Readonly<Record<string, Processor>> = {
  ViT: { fit: exactly, resample: 2, normalizes: half },
  DeiT: { fit: exactlyThenCrop, resample: 3, normalizes: imagenet },
  Beit: { fit: exactlyThenCrop, resample: 3, normalizes: half },
  ConvNext: { fit: convNext, resample: 2, normalizes: imagenet },
  CLIP: { fit: shortestThenCrop, resample: 3, normalizes: null },
  Bit: { fit: shortestThenCrop, resample: 3, normalizes: null },
  MobileNetV1: { fit: shortestThenCrop, resample: 2, normalizes: half },
  MobileNetV2: { fit: shortestThenCrop, resample: 2, normalizes: half },
  MobileViT: { fit: shortestThenCrop, resample: 2, normalizes: null },
  EfficientNet: { fit: exactlyThenCrop, resample: 0, normalizes: imagenet },
  Detr: { fit: proportionally, resample: 2, normalizes: imagenet },
  ConditionalDetr: { fit: proportionally, resample: 2, normalizes: imagenet },
  DeformableDetr: { fit: proportionally, resample: 2, normalizes: imagenet },
  Yolos: { fit: proportionally, resample: 2, normalizes: imagenet },
  RTDetr: { fit: exactly, resample: 2, normalizes: null },
};

/** What `do_normalize` is where it is not written. */
const quiet = new Set(["RTDetr", "MobileViT"]);

const filters: Readonly<Record<number, string>> = { 0: "nearest", 2: "bilinear", 3: "bicubic" };

/**
 * Steps from the file to what the model reads, under the name of its input.
 * @param size name of a column for the size of the image that was sent
 * @throws IngotError MODEL_UNSUPPORTED naming the field
 */
export async function imageSteps(folder: HuggingFaceFolder, input: string, size?: string): Promise<Step[]> {
  const given = await folder.read(file);
  if (!given) throw unsupported(file, "the folder has none: nothing says how images are prepared");
  const parsed = fields.safeParse(given);
  if (!parsed.success) throw fieldProblem(parsed.error.issues[0]!);
  const own = parsed.data;
  const kind = (own.image_processor_type ?? own.feature_extractor_type ?? "").replace(
    /(ImageProcessor(Fast)?|FeatureExtractor)$/,
    "",
  );
  const processor = Object.hasOwn(processors, kind) ? processors[kind]! : null;
  if (!processor)
    throw unsupported(
      file,
      `the image processor \`${own.image_processor_type ?? own.feature_extractor_type ?? "?"}\` is not known`,
    );
  const isGrey = folder.config["num_channels"] === 1;
  const image = "image";
  const steps: Step[] = [{ decode_image: { column: image, mode: isGrey ? "grey" : "rgb", ...(size ? { size } : {}) } }];
  steps.push(...processor.fit({ ...own, resample: own.resample ?? processor.resample }));
  if (own.do_flip_channel_order) steps.push({ channel_order: { column: image, order: "bgr" } });
  if (own.do_rescale || own.do_normalize !== false) steps.push(rescaled(own));
  if (own.do_normalize ?? !quiet.has(kind)) steps.push(normalized(own, processor, isGrey ? 1 : 3));
  steps.push({ layout: { column: image, to: "channels_first" } });
  if (input !== image) steps.push({ rename: { columns: { [image]: input } } });
  return steps;
}

function fieldProblem(issue: z.core.$ZodIssue): Error {
  if (issue.code === "unrecognized_keys") return unsupported(file, `the field \`${issue.keys[0]}\` is not known`);
  return unsupported(
    file,
    `the field \`${issue.path.join(".")}\` has a value that is not known: ${issue.message.toLowerCase()}`,
  );
}

function needed<T>(value: T | null | undefined, field: string): T {
  if (value === null || value === undefined) throw unsupported(file, `the field \`${field}\` is missing`);
  return value;
}

function rescaled({ do_rescale: isDone, rescale_factor: factor, rescale_offset: isMoved }: Fields): Step {
  // A model that reads bytes as they are still reads them as float32.
  const by = isDone ? factor : 1;
  return { rescale: { column: "image", factor: by, ...(isMoved && isDone ? { offset: -1 } : {}) } };
}

function normalized(own: Fields, processor: Processor, channels: number): Step {
  const list = (value: number | number[] | null | undefined, field: string, usual: number[] | undefined) => {
    const found = needed(value ?? usual, field);
    return Array.isArray(found) ? found : new Array<number>(channels).fill(found);
  };
  const mean = list(own.image_mean, "image_mean", processor.normalizes?.mean);
  const std = list(own.image_std, "image_std", processor.normalizes?.std);
  return { normalize_image: { column: "image", mean, std } };
}

function filterOf({ resample }: Fields): string {
  const filter = filters[resample!];
  if (filter === undefined)
    throw unsupported(
      file,
      `\`resample: ${resample}\` (${resample === 1 ? "Lanczos" : "Pillow's filter of that number"}) has no step`,
    );
  return filter;
}

function square(value: Fields["size"] | null, field: string): { height: number; width: number } {
  const found = needed(value, field);
  if (typeof found === "number") return { height: found, width: found };
  if ("height" in found) return found;
  throw unsupported(file, `\`${field}\` is \`shortest_edge\`, where this processor reads \`height\` and \`width\``);
}

function shortest(value: Fields["size"] | null, field: string): number {
  const found = needed(value, field);
  if (typeof found === "number") return found;
  if ("shortest_edge" in found && found.longest_edge === undefined) return found.shortest_edge;
  throw unsupported(file, `\`${field}\` is not \`shortest_edge\`, which this processor reads`);
}

const resize = (own: Fields, to: unknown): Step => ({ resize: { column: "image", size: to, filter: filterOf(own) } });
const crop = (to: unknown): Step => ({ center_crop: { column: "image", size: to, like: "transformers" } });

function exactly(own: Fields): Step[] {
  refuseCrop(own);
  return own.do_resize ? [resize(own, square(own.size, "size"))] : [];
}

function exactlyThenCrop(own: Fields): Step[] {
  const steps = own.do_resize ? [resize(own, square(own.size, "size"))] : [];
  return own.do_center_crop ? [...steps, crop(square(own.crop_size, "crop_size"))] : steps;
}

function shortestThenCrop(own: Fields): Step[] {
  if (own.crop_pct != null) throw unsupported(file, "`crop_pct` means nothing to this processor");
  const isSquare = typeof own.size === "object" && "height" in own.size;
  const steps = own.do_resize ? [resize(own, isSquare ? own.size : { shortest_edge: shortest(own.size, "size") })] : [];
  return (own.do_center_crop ?? true) ? [...steps, crop(square(own.crop_size, "crop_size"))] : steps;
}

/** ConvNextImageProcessor.resize: below 384 in proportion to size / crop_pct and cropped, else stretched. */
function convNext(own: Fields): Step[] {
  refuseCrop(own);
  if (!own.do_resize) return [];
  const edge = shortest(own.size, "size");
  if (edge >= 384) return [resize(own, { height: edge, width: edge })];
  const share = own.crop_pct ?? 224 / 256;
  return [resize(own, { shortest_edge: Math.trunc(edge / share) }), crop({ height: edge, width: edge })];
}

/** Batches of DETR are padded to their largest image: here images of one size go together, and none is padded. */
function proportionally(own: Fields): Step[] {
  refuseCrop(own);
  if (!own.do_resize) return [];
  const found = needed(own.size, "size");
  const longest = own.max_size ?? (typeof found === "number" ? 1333 : undefined);
  if (typeof found === "number") return [resize(own, { shortest_edge: found, longest_edge: longest })];
  if ("height" in found) return [resize(own, found)];
  return [resize(own, longest != null ? { shortest_edge: found.shortest_edge, longest_edge: longest } : found)];
}

function refuseCrop(own: Fields): void {
  if (own.do_center_crop) throw unsupported(file, "`do_center_crop` means nothing to this processor");
}
