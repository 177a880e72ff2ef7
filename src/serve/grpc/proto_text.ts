// The tables of messages and services as a .proto file, for people and for generators of clients.
import { type ProtoFile, protoFile } from "./descriptors.ts";
import type { Field, MessageType } from "./message_type.ts";
import type { Service } from "./service.ts";

export function protoText(service: Service): string {
  const file = protoFile(service);
  return [
    `// ${service.name} as Ingot serves it; written by \`npm run docs\` from the tables in src/serve/grpc/.`,
    'syntax = "proto3";',
    "",
    `package ${file.package};`,
    "",
    serviceText(file),
    ...file.messages.map((message) => `\n${messageText(message)}`),
    ...file.enums.map(({ name, values }) => {
      const lines = Object.entries(values).map(([value, number]) => `  ${value} = ${number};`);
      return `\nenum ${name} {\n${lines.join("\n")}\n}`;
    }),
    "",
  ].join("\n");
}

function serviceText({ service, package: of }: ProtoFile): string {
  const methods = service.methods.map(({ name, request, response, kind }) => {
    const asked = `${kind === "stream" ? "stream " : ""}${request.name}`;
    const answered = `${kind === "unary" ? "" : "stream "}${response.name}`;
    return `  rpc ${name}(${asked}) returns (${answered});`;
  });
  return `service ${service.name.slice(of.length + 1)} {\n${methods.join("\n")}\n}`;
}

function messageText({ name, fields }: MessageType): string {
  if (fields.length === 0) return `message ${name} {}`;
  const lines: string[] = [];
  for (const [index, field] of fields.entries()) {
    const { oneof } = field;
    if (oneof !== undefined && fields[index - 1]?.oneof !== oneof) lines.push(`  oneof ${oneof} {`);
    lines.push(`${oneof === undefined ? "  " : "    "}${fieldText(field)}`);
    if (oneof !== undefined && fields[index + 1]?.oneof !== oneof) lines.push("  }");
  }
  return `message ${name} {\n${lines.join("\n")}\n}`;
}

function fieldText({ name, number, type, label }: Field): string {
  const typeName = typeof type === "string" ? type : type.name;
  const whole = label === "map" ? `map<string, ${typeName}>` : label === "repeated" ? `repeated ${typeName}` : typeName;
  return `${whole} ${name} = ${number};`;
}
