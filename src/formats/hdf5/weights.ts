// The datasets of a file as weights.
import { describeTensors, elementCount } from "../tensors.ts";
import type { Hdf5Model } from "./objects.ts";

export function weightsOf(model: Hdf5Model): ReturnType<typeof describeTensors> {
  return describeTensors(
    model.datasets.map(({ path, dtype, shape, elementSize }) => ({
      name: path,
      dtype,
      shape,
      bytes: elementCount(shape) * elementSize,
    })),
  );
}
