// Server reflection, v1 and v1alpha: clients such as grpcurl learn the services from the server itself.
// Rule: grpc/grpc-proto, grpc/reflection/v1/reflection.proto; v1alpha differs in its package only.
import { encodedFile, type ProtoFile, protoFile, symbolsOf } from "./descriptors.ts";
import { MessageType } from "./message_type.ts";
import { type Service, stream } from "./service.ts";

interface Question {
  readonly host?: string;
  readonly file_by_filename?: string;
  readonly file_containing_symbol?: string;
  readonly file_containing_extension?: object;
  readonly all_extension_numbers_of_type?: string;
  readonly list_services?: string;
}

const extensionRequest = new MessageType("ExtensionRequest", [
  [1, "containing_type", "string"],
  [2, "extension_number", "int32"],
]);
const which = { oneof: "message_request" } as const;
const reflectionRequest = new MessageType<Question>("ServerReflectionRequest", [
  [1, "host", "string"],
  [3, "file_by_filename", "string", which],
  [4, "file_containing_symbol", "string", which],
  [5, "file_containing_extension", extensionRequest, which],
  [6, "all_extension_numbers_of_type", "string", which],
  [7, "list_services", "string", which],
]);
const answer = { oneof: "message_response" } as const;
const reflectionResponse = new MessageType<Readonly<Record<string, unknown>>>("ServerReflectionResponse", [
  [1, "valid_host", "string"],
  [2, "original_request", reflectionRequest],
  [
    4,
    "file_descriptor_response",
    new MessageType("FileDescriptorResponse", [[1, "file_descriptor_proto", "bytes", "repeated"]]),
    answer,
  ],
  [
    5,
    "all_extension_numbers_response",
    new MessageType("ExtensionNumberResponse", [
      [1, "base_type_name", "string"],
      [2, "extension_number", "int32", "repeated"],
    ]),
    answer,
  ],
  [
    6,
    "list_services_response",
    new MessageType("ListServiceResponse", [
      [1, "service", new MessageType("ServiceResponse", [[1, "name", "string"]]), "repeated"],
    ]),
    answer,
  ],
  [
    7,
    "error_response",
    new MessageType("ErrorResponse", [
      [1, "error_code", "int32"],
      [2, "error_message", "string"],
    ]),
    answer,
  ],
]);

const notFound = 5;

/** Both reflection services, over the given ones and themselves. */
export function reflectionServices(others: readonly Service[]): Service[] {
  const own = ["grpc.reflection.v1", "grpc.reflection.v1alpha"].map(
    (of): Service => ({
      name: `${of}.ServerReflection`,
      file: `${of.replaceAll(".", "/")}/reflection.proto`,
      methods: [stream("ServerReflectionInfo", reflectionRequest, reflectionResponse, (question) => reply(question))],
    }),
  );
  const all = [...others, ...own];
  const files = new Map<string, ProtoFile>();
  const bySymbol = new Map<string, ProtoFile>();
  for (const service of all) {
    const file = protoFile(service);
    files.set(file.name, file);
    for (const symbol of symbolsOf(file)) bySymbol.set(symbol, file);
  }
  const reply = (question: Question) => ({
    valid_host: question.host ?? "",
    original_request: question,
    ...contentOf(question, all, files, bySymbol),
  });
  return own;
}

function contentOf(
  question: Question,
  services: readonly Service[],
  files: ReadonlyMap<string, ProtoFile>,
  bySymbol: ReadonlyMap<string, ProtoFile>,
): Readonly<Record<string, unknown>> {
  if (question.list_services !== undefined)
    return { list_services_response: { service: services.map(({ name }) => ({ name })) } };
  const {
    file_by_filename: fileName,
    file_containing_symbol: symbol,
    all_extension_numbers_of_type: extended,
  } = question;
  // Fields and values of enumerations are found by what they belong to.
  const file =
    fileName !== undefined
      ? files.get(fileName)
      : symbol === undefined
        ? undefined
        : (bySymbol.get(symbol) ?? bySymbol.get(symbol.slice(0, symbol.lastIndexOf("."))));
  if (file) return { file_descriptor_response: { file_descriptor_proto: [encodedFile(file)] } };
  if (extended !== undefined && bySymbol.has(extended))
    return { all_extension_numbers_response: { base_type_name: extended } };
  return {
    error_response: {
      error_code: notFound,
      error_message: `not found: ${fileName ?? symbol ?? extended ?? "there are no extensions"}`,
    },
  };
}
