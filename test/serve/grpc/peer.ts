// A client that knows nothing of our tables: it asks the server's reflection, and reads and writes messages with protobufjs. (Which takes
// maps that it learned from descriptors as lists of `key` and `value`.)
import { Client, credentials, type Metadata, type ServiceError } from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer, type MethodDefinition, type Options } from "@grpc/proto-loader";
import { MessageType } from "../../../src/serve/grpc/message_type.ts";

const options: Options = { keepCase: true, longs: String, enums: String, oneofs: true };

/** FileDescriptorSet: `file = 1`. */
const descriptorSet = new MessageType("FileDescriptorSet", [[1, "file", "bytes", "repeated"]]);

// The only messages written by hand here are those of reflection itself, from grpc/reflection/v1/reflection.proto.
const asked = { oneof: "message_request" } as const;
const question = new MessageType("Question", [
  [3, "file_by_filename", "string", asked],
  [4, "file_containing_symbol", "string", asked],
  [7, "list_services", "string", asked],
]);
interface Reply {
  readonly files?: { readonly file: Uint8Array[] };
  readonly services?: { readonly service: { readonly name: string }[] };
  readonly error?: { readonly error_code: number; readonly error_message: string };
}
const reply = new MessageType<Reply>("Reply", [
  [4, "files", new MessageType("Files", [[1, "file", "bytes", "repeated"]])],
  [
    6,
    "services",
    new MessageType("Services", [[1, "service", new MessageType("Service", [[1, "name", "string"]]), "repeated"]]),
  ],
  [
    7,
    "error",
    new MessageType("Failure", [
      [1, "error_code", "int32"],
      [2, "error_message", "string"],
    ]),
  ],
]);

export class Peer {
  readonly client: Client;
  readonly #methods = new Map<string, MethodDefinition<object, object>>();

  constructor(port: number) {
    this.client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  }

  /** Learns the methods of a service. */
  async learn(service: string): Promise<void> {
    const { files } = await this.reflect({ file_containing_symbol: service });
    const set = Buffer.from(descriptorSet.encode({ file: files!.file }));
    const definition = loadFileDescriptorSetFromBuffer(set, options)[service] as Record<
      string,
      MethodDefinition<object, object>
    >;
    for (const method of Object.values(definition)) this.#methods.set(method.path, method);
  }

  reflect(what: object, version = "v1"): Promise<Reply> {
    const call = this.client.makeBidiStreamRequest(
      `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      (value: object) => Buffer.from(question.encode(value)),
      (bytes: Buffer) => reply.decode(bytes),
    );
    return new Promise((resolve, reject) => {
      call.once("data", resolve).once("error", reject);
      call.write(what);
      call.end();
    });
  }

  #method(path: string): MethodDefinition<object, object> {
    const method = this.#methods.get(path);
    if (!method) throw new Error(`reflection told nothing of ${path}`);
    return method;
  }

  /** One question, one answer and the metadata in front of it. */
  async ask(
    path: string,
    request: object,
    metadata?: Metadata,
  ): Promise<{ answer: Record<string, unknown>; metadata: Metadata }> {
    const { requestSerialize, responseDeserialize } = this.#method(path);
    return new Promise((resolve, reject) => {
      let first: Metadata | undefined;
      const done = (error: ServiceError | null, answer?: object) =>
        error ? reject(error) : resolve({ answer: answer as Record<string, unknown>, metadata: first! });
      const call = metadata
        ? this.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, done)
        : this.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, done);
      call.on("metadata", (received: Metadata) => {
        first = received;
      });
    });
  }

  /** Sends all, then gives all answers in order. */
  stream(path: string, requests: readonly object[]): Promise<Record<string, unknown>[]> {
    const { requestSerialize, responseDeserialize } = this.#method(path);
    const call = this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    return new Promise((resolve, reject) => {
      const answers: Record<string, unknown>[] = [];
      call.on("data", (answer) => answers.push(answer as Record<string, unknown>));
      call.on("end", () => resolve(answers)).on("error", reject);
      for (const request of requests) call.write(request);
      call.end();
    });
  }

  /** Bytes as they are, whatever the method expects. */
  raw(path: string, bytes: Uint8Array): Promise<Buffer> {
    const same = (value: Buffer) => value;
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(path, same, same, Buffer.from(bytes), (error, answer) =>
        error ? reject(error) : resolve(answer!),
      );
    });
  }
}
