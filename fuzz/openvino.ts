// OpenVINO: the XML of layers and edges.
import { fileTarget } from "./readers.ts";

export const name = "openvino";

export const target = fileTarget("openvino");
