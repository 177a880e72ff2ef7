// The tables of messages and services as protobuf describes itself. Rule: protocolbuffers/protobuf, src/google/protobuf/descriptor.proto.
import { type EnumType, type Field, MessageType } from "./message_type.ts";
import type { Service } from "./service.ts";

/** descriptor.proto is of the older syntax, which tells 0 from nothing; a member of a `oneof` is written whatever it is. */
const written = { oneof: "written" } as const;

const enumDescriptor = new MessageType("EnumDescriptorProto", [
  [1, "name", "string"],
  [
    2,
    "value",
    new MessageType("EnumValueDescriptorProto", [
      [1, "name", "string"],
      [2, "number", "int32", written],
    ]),
    "repeated",
  ],
]);
const fieldDescriptor = new MessageType("FieldDescriptorProto", [
  [1, "name", "string"],
  [3, "number", "int32"],
  [4, "label", "int32"],
  [5, "type", "int32"],
  [6, "type_name", "string"],
  [9, "oneof_index", "int32", written],
  [10, "json_name", "string"],
]);
const messageOptions = new MessageType("MessageOptions", [[7, "map_entry", "bool"]]);
const entryDescriptor = new MessageType("DescriptorProto", [
  [1, "name", "string"],
  [2, "field", fieldDescriptor, "repeated"],
  [7, "options", messageOptions],
]);
const messageDescriptor = new MessageType("DescriptorProto", [
  [1, "name", "string"],
  [2, "field", fieldDescriptor, "repeated"],
  [3, "nested_type", entryDescriptor, "repeated"],
  [8, "oneof_decl", new MessageType("OneofDescriptorProto", [[1, "name", "string"]]), "repeated"],
]);
const methodDescriptor = new MessageType("MethodDescriptorProto", [
  [1, "name", "string"],
  [2, "input_type", "string"],
  [3, "output_type", "string"],
  [5, "client_streaming", "bool"],
  [6, "server_streaming", "bool"],
]);
const serviceDescriptor = new MessageType("ServiceDescriptorProto", [
  [1, "name", "string"],
  [2, "method", methodDescriptor, "repeated"],
]);
const fileDescriptor = new MessageType("FileDescriptorProto", [
  [1, "name", "string"],
  [2, "package", "string"],
  [4, "message_type", messageDescriptor, "repeated"],
  [5, "enum_type", enumDescriptor, "repeated"],
  [6, "service", serviceDescriptor, "repeated"],
  [12, "syntax", "string"],
]);

/** One .proto file: its service and every message and enumeration that the service uses. */
export interface ProtoFile {
  readonly name: string;
  readonly package: string;
  readonly service: Service;
  readonly messages: readonly MessageType[];
  readonly enums: readonly EnumType[];
}

export function protoFile(service: Service): ProtoFile {
  const messages = new Map<string, MessageType>();
  const enums = new Map<string, EnumType>();
  const visit = (type: Field["type"]): void => {
    if (typeof type === "string") return;
    if (type.kind === "enum") {
      enums.set(type.name, type);
      return;
    }
    if (messages.has(type.name)) return;
    messages.set(type.name, type);
    for (const field of type.fields) visit(field.type);
  };
  for (const { request, response } of service.methods) {
    visit(request);
    visit(response);
  }
  const packageName = service.name.slice(0, service.name.lastIndexOf("."));
  return {
    name: service.file,
    package: packageName,
    service,
    messages: [...messages.values()],
    enums: [...enums.values()],
  };
}

/** Every name that a client may look the file up by. */
export function symbolsOf({ service, package: of, messages, enums }: ProtoFile): string[] {
  return [
    service.name,
    ...service.methods.map(({ name }) => `${service.name}.${name}`),
    ...[...messages, ...enums].map(({ name }) => `${of}.${name}`),
  ];
}

/** FileDescriptorProto, encoded. */
export function encodedFile(file: ProtoFile): Uint8Array {
  const { service, package: of } = file;
  return fileDescriptor.encode({
    name: file.name,
    package: of,
    message_type: file.messages.map((message) => describedMessage(message, of)),
    enum_type: file.enums.map(({ name, values }) => ({
      name,
      value: Object.entries(values).map(([value, number]) => ({ name: value, number })),
    })),
    service: [
      {
        name: service.name.slice(of.length + 1),
        method: service.methods.map(({ name, request, response, kind }) => ({
          name,
          input_type: `.${of}.${request.name}`,
          output_type: `.${of}.${response.name}`,
          client_streaming: kind === "stream",
          server_streaming: kind !== "unary",
        })),
      },
    ],
    syntax: "proto3",
  });
}

/** FieldDescriptorProto.Type. */
const typeNumbers = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  bool: 8,
  string: 9,
  message: 11,
  bytes: 12,
  uint32: 13,
  enum: 14,
} as const;

function describedMessage(message: MessageType, of: string): object {
  const oneofs = [...new Set(message.fields.flatMap(({ oneof }) => oneof ?? []))];
  const maps = message.fields.filter(({ label }) => label === "map");
  return {
    name: message.name,
    field: message.fields.map((field) => ({
      ...describedField(field, field.label === "map" ? `.${of}.${message.name}.${entryName(field)}` : null, of),
      ...(field.oneof === undefined ? {} : { oneof_index: oneofs.indexOf(field.oneof) }),
    })),
    nested_type: maps.map((field) => ({
      name: entryName(field),
      field: [
        describedField({ name: "key", number: 1, type: "string" }, null, of),
        describedField({ name: "value", number: 2, type: field.type }, null, of),
      ],
      options: { map_entry: true },
    })),
    oneof_decl: oneofs.map((name) => ({ name })),
  };
}

function describedField({ name, number, type, label }: Field, entry: string | null, of: string): object {
  const json = name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  const kind = entry !== null ? "message" : typeof type === "string" ? type : type.kind;
  const typeName = entry ?? (typeof type === "string" ? undefined : `.${of}.${type.name}`);
  return {
    name,
    number,
    label: label === undefined ? 1 : 3,
    type: typeNumbers[kind],
    ...(typeName === undefined ? {} : { type_name: typeName }),
    json_name: json,
  };
}

/** As protoc names the message behind a map. */
function entryName({ name }: Field): string {
  return `${name.replace(/(^|_)(.)/g, (_, __, letter: string) => letter.toUpperCase())}Entry`;
}
