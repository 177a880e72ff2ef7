// What lies beside models: configurations, templates, programs, keys.
import { callPickle } from "./pickle_writer.ts";
import { latin1, type Sample } from "./sample.ts";

/** Looks like a real key and opens nothing: letters from a fixed sequence. */
function letters(count: number, alphabet: string): string {
  let text = "";
  for (let i = 0, state = 12345; i < count; i++) {
    state = (state * 1103515245 + 12345) % 2147483648;
    text += alphabet[(state >> 8) % alphabet.length];
  }
  return text;
}
const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const word = `${upper}${upper.toLowerCase()}0123456789`;

export function folderSamples(): Sample[] {
  const rows: [name: string, technique: string, content: string | Uint8Array, expect: Sample["expect"]][] = [
    ["config.json", "auto_map", '{"model_type":"x","auto_map":{"AutoModel":"modeling.X"}}', "high"],
    ["adapter.json", "trust_remote_code", '{"trust_remote_code": true}', "high"],
    ["nested.json", "auto_map, deep inside", '{"a":[{"b":{"auto_map":{"AutoConfig":"c.C"}}}]}', "high"],
    ["model_config.yaml", "CVE-2025-23304: Hydra _target_", "model:\n  _target_: os.system\n  command: echo\n", "high"],
    ["flow.yaml", "_target_ in flow style", "{model: {_target_: subprocess.run}}\n", "high"],
    ["tag.yaml", "a YAML tag that calls Python", "!!python/object/apply:os.system ['echo']\n", "critical"],
    [
      "tokenizer_config.json",
      "a template that leaves its sandbox",
      JSON.stringify({ chat_template: "{{ messages.__class__.__mro__ }}" }),
      "critical",
    ],
    [
      "tokenizer_list.json",
      "the same in a list of templates",
      JSON.stringify({ chat_template: [{ name: "default", template: "{{ self.__init__.__globals__ }}" }] }),
      "critical",
    ],
    ["chat_template.jinja", "the same in a file of its own", "{% set x = namespace.__init__ %}", "critical"],
    ["run.sh", "a script", "#!/bin/sh\necho ingot-test-payload\n", "high"],
    ["tool", "an ELF program", Buffer.concat([latin1("\x7fELF\x02\x01\x01"), Buffer.alloc(57)]), "critical"],
    ["tool.exe", "a Windows program", windowsProgram(), "critical"],
    [
      "tool.dylib",
      "a Mach-O program",
      Buffer.concat([Buffer.from([0xcf, 0xfa, 0xed, 0xfe]), Buffer.alloc(28)]),
      "critical",
    ],
    [
      "model.llamafile",
      "a program for every system",
      Buffer.concat([latin1("MZqFpD='\n"), Buffer.alloc(64)]),
      "critical",
    ],
    ["picture.png", "a picture with a pickle behind it", Buffer.concat([png(), callPickle("os", "system")]), "medium"],
    ["broken.png", "a picture whose structure is broken", png().subarray(0, 16), "unknown"],
    ["noise.bin", "bytes that nobody knows", Buffer.from(letters(64, word)).map((byte) => byte ^ 0xa5), "unknown"],
    ["text-with-nul.txt", "a text with a control character", "hello\0world\n", "unknown"],
    [
      "id_rsa",
      "a private key",
      `-----BEGIN OPENSSH PRIVATE KEY-----\n${letters(70, word)}\n-----END OPENSSH PRIVATE KEY-----\n`,
      "high",
    ],
    ["aws.env", "an AWS key", `AWS_ACCESS_KEY_ID=AKIA${letters(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")}\n`, "high"],
    ["hub.md", "a Hugging Face token", `login with hf_${letters(34, `${upper}${upper.toLowerCase()}`)}\n`, "high"],
    ["github.cfg", "a GitHub token", `token=ghp_${letters(36, word)}\n`, "high"],
    ["google.js", "a Google key", `key: "AIza${letters(35, word)}"\n`, "high"],
    ["azure.txt", "an Azure storage key", `AccountKey=${letters(86, word)}==;\n`, "high"],
    ["database.txt", "a password in an address", "postgres://admin:Tr0ub4dor3x@db.internal:5432/models\n", "high"],
  ];
  return rows.map(([name, technique, content, expect]) => ({
    name: `folder-${name}`,
    technique,
    bytes: typeof content === "string" ? Buffer.from(content) : content,
    expect,
  }));
}

function windowsProgram(): Buffer {
  const bytes = Buffer.alloc(128);
  bytes.write("MZ", 0, "latin1");
  bytes.writeUInt32LE(64, 60);
  bytes.write("PE\0\0", 64, "latin1");
  return bytes;
}

function png(): Buffer {
  return Buffer.concat([
    latin1("\x89PNG\r\n\x1a\n"),
    Buffer.from([0, 0, 0, 0]),
    latin1("IEND"),
    Buffer.from([0xae, 0x42, 0x60, 0x82]),
  ]);
}
