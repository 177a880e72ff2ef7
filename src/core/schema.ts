// The schema of a package: what goes in and what comes out, by name and type. Shared by every layer.

/** ONNX tensor element types under their numpy names; `string` is UTF-8 text. */
export type DType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "int4"
  | "uint4"
  | "bool"
  | "string"
  | "complex64"
  | "complex128"
  | "float8e4m3fn"
  | "float8e4m3fnuz"
  | "float8e5m2"
  | "float8e5m2fnuz"
  | "float8e8m0"
  | "float4e2m1"
  | "int2"
  | "uint2";

/** A fixed size, or the name of a size that varies between records (`null` = varies, unnamed). */
export type Dim = number | string | null;

/**
 * What a value means to the person who sends it; the tensor's dtype says how it travels. `bytes` is the content of a file: base64 text in JSON
 * and in tensors.
 */
export type ColumnType = "float" | "int" | "bool" | "string" | "bytes";

/**
 * The form in which the graph reads texts: the model was fitted on such texts only. Records and requests are brought into it; tensors that
 * are handed to a graph directly must be in it.
 */
export interface TextForm {
  /** Full Unicode lower case, as Python's `str.lower`. */
  readonly lowercase?: boolean;
  /** After that: `unicode` leaves combining characters out of the NFKD form, `ascii` all that is not ASCII. */
  readonly stripAccents?: "unicode" | "ascii";
}

/** One named input of a package. Its tensor has shape `[N, ...shape]` where N is the number of records. */
export interface InputSpec {
  readonly name: string;
  readonly type: ColumnType;
  /** Element type of the graph input of the same name. */
  readonly dtype: DType;
  /** Shape of one record's value; `[]` is a single number or string. */
  readonly shape: readonly Dim[];
  /**
   * How the graph input carries that shape: `column` = `[N, 1]` for a scalar, `batch` = `[N, ...shape]`,
   * `whole` = exactly `shape` (the graph has no batch dimension: one record at a time).
   */
  readonly layout: "column" | "batch" | "whole";
  /** `allow`: null, absent and NaN are missing values, sent as NaN (numbers) or as `missingValue`. Default `refuse`. */
  readonly missing?: "allow" | "refuse";
  /** What a missing string is sent as; only where `missing` is `allow` and dtype is string. */
  readonly missingValue?: string;
  /** Only where dtype is string. */
  readonly text?: TextForm;
  /** `allow`: true and false stand for 1 and 0, as where the source library takes a column of booleans for numbers. Only where type is float. */
  readonly booleans?: "allow";
  /** The model has this column and reads nothing of it: any value will do, and is sent as NaN. */
  readonly unread?: true;
  /** Known categories in the model's order. Other values are legal: the graph treats them as the source library does. */
  readonly categories?: readonly string[] | readonly number[];
  readonly min?: number;
  readonly max?: number;
  readonly unit?: string;
  readonly description?: string;
}

/** One named output of a package. Its tensor has shape `[N, ...shape]`. */
export interface OutputSpec {
  readonly name: string;
  readonly type: ColumnType;
  readonly dtype: DType;
  readonly shape: readonly Dim[];
  readonly layout: "batch" | "whole";
  /** What the output is, in scikit-learn's words where it has one. */
  readonly role?: "label" | "probabilities" | "margin" | "value" | "leaf";
  /** Names along the last axis: records then show an object instead of an array. */
  readonly classes?: readonly string[];
  readonly unit?: string;
  readonly description?: string;
}

export interface Schema {
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
}
