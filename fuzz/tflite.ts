// TensorFlow Lite: tables of a flatbuffer.
import { fileTarget } from "./readers.ts";

export const name = "tflite";

export const target = fileTarget("tflite");
