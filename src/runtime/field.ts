// One value of one record: is it what the schema says, and which number or text goes into the tensor?
import { IngotError, type InputSpec } from "../core/index.ts";
import { textInForm } from "../pipeline/index.ts";
import { shown } from "./json.ts";

/** Where a value stands: its path (`inputs.age`, `inputs.image[2][0]`) and its row, when there are several. */
export interface Place {
  readonly path: string;
  readonly row: number | null;
}

export function refuseInput(place: Place, what: string, fix?: string): never {
  throw new IngotError("INPUT_INVALID", {
    what: place.row === null ? what : `${what} (row ${place.row})`,
    where: place.path,
    fix,
  });
}

/** A stored element: number for floats, small integers and booleans, bigint for 64-bit integers, string for text. */
export type Element = number | bigint | string;

/** Reads one element; `undefined`, null and NaN are missing. */
export type ReadElement = (value: unknown, place: Place) => Element;

const words: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Infinity, "-Infinity": -Infinity };

/** Compiles the checks of one input into one function. */
export function elementReader(spec: InputSpec): ReadElement {
  if (spec.unread) return () => Number.NaN;
  const missing = missingElement(spec);
  const read = valueReader(spec);
  const bounded = spec.min === undefined && spec.max === undefined ? read : withBounds(spec, read);
  const holdsNaN = isFloatDtype(spec);
  return (value, place) => {
    if (value === null || value === undefined) return missing(value, place);
    if (!holdsNaN && typeof value === "number" && Number.isNaN(value)) return missing(value, place);
    return bounded(value, place);
  };
}

function isFloatDtype(spec: InputSpec): boolean {
  return spec.dtype.includes("float");
}

function missingElement(spec: InputSpec): ReadElement {
  if (spec.missing === "allow") {
    if (spec.dtype === "string") {
      const sentinel = spec.missingValue ?? "";
      return () => sentinel;
    }
    if (isFloatDtype(spec)) return () => Number.NaN;
  }
  return (value, place) =>
    refuseInput(
      place,
      value === undefined ? `is missing: expected ${spec.type}` : `expected ${spec.type}, got ${shown(value)}`,
      spec.missing === "allow"
        ? "this input's type has no missing value: send a value"
        : "send a value for every input",
    );
}

function valueReader(spec: InputSpec): ReadElement {
  switch (spec.type) {
    case "string":
      return textReader(spec);
    case "bool":
      return (value, place) =>
        typeof value === "boolean"
          ? stored(spec, value ? 1 : 0)
          : refuseInput(place, `expected bool, got ${shown(value)}`, "send true or false");
    case "int":
      return intReader(spec);
    case "float":
      return floatReader(spec);
    case "bytes":
      return readBytes;
  }
}

function textReader({ text: form }: InputSpec): ReadElement {
  return form ? (value, place) => textInForm(readText(value, place), form) : readText;
}

function readText(value: unknown, place: Place): string {
  if (typeof value !== "string")
    return refuseInput(
      place,
      `expected string, got ${shown(value)}`,
      typeof value === "number" ? "put it in quotes" : undefined,
    );
  // ONNX Runtime's binding hands texts on as C strings: what follows a NUL would be lost without a word.
  if (value.includes("\0")) return refuseInput(place, `${shown(value)} holds a NUL character`);
  return value;
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The content of a file: base64 text, or the bytes themselves from a program. */
function readBytes(value: unknown, place: Place): string {
  if (value instanceof Uint8Array) return base64Of(value);
  if (typeof value === "string" && base64.test(value)) return value;
  return refuseInput(
    place,
    `expected the bytes of a file as base64 text, got ${shown(value)}`,
    typeof value === "string" ? "leave line breaks and `data:` prefixes out; `base64 -w0 file` writes it" : undefined,
  );
}

function base64Of(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

function stored(spec: InputSpec, value: number): Element {
  return spec.dtype === "int64" || spec.dtype === "uint64" ? BigInt(value) : value;
}

function floatReader(spec: InputSpec): ReadElement {
  const refusesMissing = spec.missing !== "allow";
  const takesBooleans = spec.booleans === "allow";
  return (value, place) => {
    let number: number;
    if (typeof value === "number") number = value;
    else if (takesBooleans && typeof value === "boolean") number = Number(value);
    else if (typeof value === "bigint") number = Number(value);
    else if (typeof value === "string" && Object.hasOwn(words, value)) number = words[value]!;
    else return refuseInput(place, `expected float, got ${shown(value)}`, numberFix(value));
    if (refusesMissing && Number.isNaN(number))
      return refuseInput(place, "expected float, got NaN", "this input takes no missing values");
    return number;
  };
}

/** Smallest and largest integer of a dtype; float columns of integers hold what a double holds exactly. */
export const integerRanges: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int8: [-128n, 127n],
  uint8: [0n, 255n],
  int16: [-32768n, 32767n],
  uint16: [0n, 65535n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

function intReader(spec: InputSpec): ReadElement {
  const range = integerRanges[spec.dtype];
  const isLong = spec.dtype === "int64" || spec.dtype === "uint64";
  const canMiss = spec.missing === "allow" && isFloatDtype(spec);
  return (value, place) => {
    if (canMiss && (value === "NaN" || Number.isNaN(value))) return Number.NaN;
    if (typeof value === "number" ? !Number.isInteger(value) : typeof value !== "bigint")
      return refuseInput(place, `expected int, got ${shown(value)}`, numberFix(value));
    const number = value as number | bigint;
    if (typeof number === "number" && !Number.isSafeInteger(number))
      return refuseInput(
        place,
        `${number} is beyond 2^53, where a double no longer holds every integer`,
        "send it as an integer literal, or as a float input",
      );
    if (range === undefined) {
      if (typeof number === "bigint" && !Number.isSafeInteger(Number(number)))
        return refuseInput(place, `${shown(number)} cannot be held exactly by ${spec.dtype}`);
      return Number(number);
    }
    if (number < range[0] || number > range[1])
      return refuseInput(place, `${shown(number)} does not fit ${spec.dtype} (${range[0]} to ${range[1]})`);
    return isLong ? BigInt(number) : Number(number);
  };
}

function numberFix(value: unknown): string | undefined {
  if (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)))
    return "send it without quotes";
  return undefined;
}

function withBounds(spec: InputSpec, read: ReadElement): ReadElement {
  const { min = -Infinity, max = Infinity } = spec;
  const unit = spec.unit ? ` ${spec.unit}` : "";
  return (value, place) => {
    const element = read(value, place);
    if (typeof element === "string") return element;
    if (element < min) return refuseInput(place, `${element} is below min ${min}${unit}`);
    if (element > max) return refuseInput(place, `${element} is above max ${max}${unit}`);
    return element;
  };
}
