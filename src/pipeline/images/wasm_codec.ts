// The decoders of JPEG (libjpeg of mozjpeg) and WebP (libwebp), compiled to WebAssembly in @jsquash: the same pixels wherever they run.
import { IngotError } from "../../core/index.ts";
import { malformed } from "./image_limits.ts";

/** A compiled module: nothing is known of it here. */
type Module = object;

/** The part of WebAssembly that is used: the compiler knows it from the browser's library only. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<Module>;
  readonly Instance: new (module: Module, imports: object) => { readonly exports: object };
};

/** RGBA, 8 bits. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

interface Instance {
  decode(bytes: Uint8Array, ...more: readonly boolean[]): Pixels | null;
}

interface Loaded {
  readonly factory: Factory;
  readonly file: string;
  /** What `decode` takes besides the bytes. */
  readonly more: readonly boolean[];
}

type Factory = (options: Readonly<Record<string, unknown>>) => Promise<Instance>;

/** Memory of WebAssembly never shrinks: after an image of so many pixels a decoder starts anew. */
const largeImage = 2 ** 22;

/** Complaints of libjpeg about an image that is not whole; it goes on with grey, and says so only here. */
const isBroken = /premature end|bad huffman|invalid (scan|progressive)|corrupt jpeg data: (?!\d+ extraneous)/i;

class Codec {
  readonly #name: string;
  readonly #load: () => Promise<Loaded>;
  #loaded: Promise<Loaded> | undefined;
  #module: Promise<Module | null> | undefined;
  #instance: Promise<Instance> | undefined;
  #said = "";

  constructor(name: string, load: () => Promise<Loaded>) {
    this.#name = name;
    this.#load = load;
  }

  /** @throws IngotError FILE_MALFORMED */
  async decode(bytes: Uint8Array, width: number, height: number): Promise<Uint8Array> {
    this.#loaded ??= this.#load();
    const loaded = await this.#loaded;
    this.#instance ??= this.#start(loaded);
    const instance = await this.#instance;
    this.#said = "";
    let pixels: Pixels | null;
    try {
      pixels = instance.decode(bytes, ...loaded.more);
    } catch (cause) {
      // What stopped in the middle is not used again.
      this.#instance = undefined;
      if (cause instanceof Error && cause.name === "BindingError") throw cause;
      throw new IngotError("FILE_MALFORMED", { what: this.#complaint("is damaged"), cause });
    }
    if (width * height > largeImage) this.#instance = undefined;
    if (!pixels) throw malformed(this.#complaint("is damaged"));
    if (isBroken.test(this.#said)) throw malformed(this.#complaint(""));
    if (pixels.width !== width || pixels.height !== height)
      throw malformed(
        `the ${this.#name} claims ${width} × ${height} pixels and holds ${pixels.width} × ${pixels.height}`,
      );
    return new Uint8Array(pixels.data.buffer, pixels.data.byteOffset, pixels.data.byteLength);
  }

  #complaint(otherwise: string): string {
    const said = this.#said.trim().slice(0, 200);
    return `the ${this.#name} ${said === "" ? otherwise : `cannot be decoded whole: ${said}`}`;
  }

  async #start({ factory, file }: Loaded): Promise<Instance> {
    this.#module ??= compiled(file);
    const module = await this.#module;
    return factory({
      noInitialRun: true,
      print: () => {},
      printErr: (text: string) => {
        this.#said += `${text}\n`;
      },
      ...(module ? { instantiateWasm: instantiate(module) } : {}),
    });
  }
}

function instantiate(module: Module) {
  return (imports: object, done: (instance: { readonly exports: object }) => void) => {
    const instance = new WebAssembly.Instance(module, imports);
    done(instance);
    return instance.exports;
  };
}

/** In Node the package's file; in a browser null: the package fetches it by itself, from where the bundler laid it. */
async function compiled(file: string): Promise<Module | null> {
  if (typeof process !== "object" || !process.versions?.node) return null;
  const [{ createRequire }, { readFile }] = await Promise.all([import("node:module"), import("node:fs/promises")]);
  return WebAssembly.compile(await readFile(createRequire(import.meta.url).resolve(file)));
}

const jpeg = new Codec("JPEG", async () => ({
  factory: (await import("@jsquash/jpeg/codec/dec/mozjpeg_dec.js")).default as unknown as Factory,
  file: "@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm",
  // Not the orientation: it is applied here, the same way for all formats.
  more: [false],
}));

const webp = new Codec("WebP", async () => ({
  factory: (await import("@jsquash/webp/codec/dec/webp_dec.js")).default as unknown as Factory,
  file: "@jsquash/webp/codec/dec/webp_dec.wasm",
  more: [],
}));

/** RGBA. Files whose headers were checked (jpeg_file.ts). @throws IngotError FILE_MALFORMED */
export function decodeJpeg(bytes: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  return jpeg.decode(bytes, width, height);
}

/** RGBA. Files whose headers were checked (webp_file.ts). @throws IngotError FILE_MALFORMED */
export function decodeWebp(bytes: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  return webp.decode(bytes, width, height);
}
