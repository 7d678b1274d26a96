import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { UserError } from "../../lib/errors.ts";
import { parseKubeconfig, targetOf } from "../../lib/kube/kubeconfig.ts";
import { checkTarget } from "../../lib/kube/kubeconfig_check.ts";
import { readKubeconfig } from "../../lib/kube/kubeconfig_file.ts";
import { listedKubeconfigs } from "../../lib/kube/kubeconfig_paths.ts";
import { environmentOf } from "../../lib/runtime/environment.ts";
import { systemFiles } from "../../lib/runtime/files.ts";

const PLATFORM = { os: "linux", arch: "amd64", uid: 0, denoVersion: "2.9.5" };

class Folder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(): Promise<Folder> {
    return new Folder(await Deno.makeTempDir({ prefix: "palette-kubeconfig-" }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }

  async write(name: string, content: string | Uint8Array): Promise<string> {
    const path = `${this.path}/${name}`;
    await (typeof content === "string"
      ? Deno.writeTextFile(path, content)
      : Deno.writeFile(path, content));
    return path;
  }
}

/** A kubeconfig of one cluster and one user, in YAML that fits on two lines. */
function configOf(cluster: string, user: string): string {
  return `apiVersion: v1
kind: Config
clusters:
- {name: prod, cluster: {server: "https://10.0.0.1:6443"${cluster && `, ${cluster}`}}}
users:
- {name: admin, user: {${user}}}
contexts:
- {name: main, context: {cluster: prod, user: admin}}
current-context: main
`;
}

async function check(folder: Folder, cluster: string, user: string): Promise<void> {
  const path = await folder.write("kubeconfig", configOf(cluster, user));
  const files = systemFiles();
  const target = targetOf(await readKubeconfig(path, files), path);
  await checkTarget(target, path, files);
}

const FINE: [string, string, string][] = [
  ["nothing but a server", "", ""],
  [
    "inline data",
    "certificate-authority-data: Y2E=",
    "client-certificate-data: YQ==, client-key-data: YQ==",
  ],
  [
    "files beside the kubeconfig",
    "certificate-authority: ca.pem",
    "client-certificate: ./ca.pem, client-key: ca.pem",
  ],
  ["a file for the token", "", "tokenFile: ca.pem"],
  [
    "inline data that wins over a missing file",
    "certificate-authority-data: Y2E=, certificate-authority: none.pem",
    "token: t",
  ],
  ["a program on PATH", "", "exec: {command: aws, args: [eks, get-token]}"],
  ["a program beside the kubeconfig", "", "exec: {command: ./ca.pem}"],
  ["no verification", "insecure-skip-tls-verify: true", "token: t"],
  [
    "verification said out loud",
    "insecure-skip-tls-verify: false, certificate-authority: ca.pem",
    "",
  ],
  ["a proxy", 'proxy-url: "http://proxy:3128"', ""],
  [
    "fields that say nothing",
    "certificate-authority: null, proxy-url: ~",
    "exec: null, tokenFile: ''",
  ],
];

for (const [title, cluster, user] of FINE) {
  Deno.test(`checkTarget() takes ${title}`, async () => {
    await using folder = await Folder.make();
    await folder.write("ca.pem", "x");
    await check(folder, cluster, user);
  });
}

const BAD: [string, string, string, string, string][] = [
  [
    "data that is not base64, without repeating it",
    "",
    "client-certificate-data: '%secret%', client-key-data: YQ==",
    "validation",
    'Cannot use user "admin" of "PATH": its client-certificate-data is not base64',
  ],
  [
    "a certificate without a key",
    "",
    "client-certificate-data: YQ==",
    "validation",
    'Cannot use user "admin" of "PATH": its client-certificate has no client-key',
  ],
  [
    "a key without a certificate",
    "",
    "client-key: ca.pem",
    "validation",
    'Cannot use user "admin" of "PATH": its client-key has no client-certificate',
  ],
  [
    "a CA that nobody looks at",
    "certificate-authority: ca.pem, insecure-skip-tls-verify: true",
    "",
    "validation",
    'Cannot use cluster "prod" of "PATH": it has both a certificate-authority and insecure-skip-tls-verify',
  ],
  [
    "a CA file that is not there",
    "certificate-authority: certs/ca.pem",
    "",
    "io",
    'Cannot read "FOLDER/certs/ca.pem" of certificate-authority in "PATH": no such file or folder',
  ],
  [
    "a token file that is a folder",
    "",
    "tokenFile: /",
    "io",
    'Cannot read "/" of tokenFile in "PATH": it is a folder',
  ],
  [
    "a proxy that is none",
    "proxy-url: ':'",
    "",
    "validation",
    'Cannot use cluster "prod" of "PATH": its proxy-url is no URL',
  ],
  [
    "a login program without a command",
    "",
    "exec: {apiVersion: client.authentication.k8s.io/v1}",
    "validation",
    'Cannot use user "admin" of "PATH": its exec has no command',
  ],
  [
    "a login program that is not there",
    "",
    "exec: {command: ./login}",
    "validation",
    'Cannot use user "admin" of "PATH": "FOLDER/./login" of its exec is no file',
  ],
  [
    "a login program that asks",
    "",
    "exec: {command: kubelogin, interactiveMode: Always}",
    "validation",
    'Cannot use user "admin" of "PATH": kubelogin of its exec has to ask at a terminal',
  ],
];

for (const [title, cluster, user, code, message] of BAD) {
  Deno.test(`checkTarget() refuses ${title}`, async () => {
    await using folder = await Folder.make();
    await folder.write("ca.pem", "x");
    const error = await assertRejects(() => check(folder, cluster, user), UserError);
    const shown = error.message.replaceAll(`${folder.path}/kubeconfig`, "PATH")
      .replaceAll(folder.path, "FOLDER");
    assertEquals([error.code, shown], [code, message]);
  });
}

const UNREADABLE: [string, string | Uint8Array | null, string, string][] = [
  ["a file that is not there", null, "io", "no such file or folder"],
  [
    "bytes that are no text",
    new Uint8Array([0xff, 0xfe, 0x00]),
    "validation",
    "it is not UTF-8 text",
  ],
  ["an empty file", " \n", "validation", "it is empty"],
  ["more than 4 MiB", "#".repeat(4 * 1024 * 1024 + 1), "validation", "it has more than 4 MiB"],
  ["notes", "just some words\n", "validation", "not a mapping"],
  ["broken YAML", "clusters: [\n", "validation", "line"],
  ["something else of Kubernetes", "kind: Secret\n", "validation", "its kind is Secret"],
  ["no cluster", "kind: Config\n", "validation", "there is no cluster in it"],
  ["a list that is none", "clusters: {}\n", "validation", "clusters is no list"],
  [
    "a nameless cluster",
    "clusters: [{cluster: {}}]\n",
    "validation",
    "an entry of clusters has no name",
  ],
];

for (const [title, content, code, reason] of UNREADABLE) {
  Deno.test(`readKubeconfig() refuses ${title}`, async () => {
    await using folder = await Folder.make();
    const path = content === null
      ? `${folder.path}/none`
      : await folder.write("kubeconfig", content);
    const error = await assertRejects(() => readKubeconfig(path, systemFiles()), UserError);
    assertEquals(error.code, code);
    assertStringIncludes(error.message, path);
    assertStringIncludes(error.message, reason);
  });
}

const SEVERAL = `clusters:
- {name: one, cluster: {server: "https://one:6443"}}
- {name: two, cluster: {server: "10.0.0.2:6443"}}
- {name: three, cluster: {server: ""}}
contexts:
- {name: a, context: {cluster: one, user: u, namespace: x}}
- {name: b, context: {cluster: two}}
- {name: c, context: {cluster: gone}}
- {name: d, context: {cluster: three}}
current-context: b
`;

Deno.test("targetOf() follows the current context, or the one that is named", async () => {
  const config = await parseKubeconfig(SEVERAL, "f");
  const current = targetOf(config, "f");
  // kubectl takes an address without a scheme, too.
  assertEquals([current.context, current.cluster.name, current.server], [
    "b",
    "two",
    "10.0.0.2:6443",
  ]);
  const { server, namespace, user } = targetOf(config, "f", "a");
  assertEquals([server, namespace, user.name], ["https://one:6443", "x", "u"]);
});

Deno.test("targetOf() takes the only context where none is current", async () => {
  const text = SEVERAL.replace("current-context: b\n", "").replace(/- \{name: [bcd], con.*\n/g, "");
  assertEquals(targetOf(await parseKubeconfig(text, "f"), "f").context, "a");
});

for (
  const [name, reason] of [
    ["c", 'its context "c" names no cluster of the file'],
    ["d", 'the server of cluster "three" is no URL'],
    ["e", 'there is no context "e"'],
  ] as const
) {
  Deno.test(`targetOf() refuses context ${name}`, async () => {
    const config = await parseKubeconfig(SEVERAL, "f");
    const error = assertThrows(() => targetOf(config, "f", name), UserError);
    assertEquals(error.message, `Cannot use "f" as a kubeconfig: ${reason}`);
  });
}

Deno.test("listedKubeconfigs() splits KUBECONFIG as the system does", () => {
  const listed = (text: string, os = "linux") =>
    listedKubeconfigs(environmentOf({ KUBECONFIG: text }), { ...PLATFORM, os });
  assertEquals(listed("/a:/b"), ["/a", "/b"]);
  assertEquals(listed(":/a::"), ["/a"]);
  assertEquals(listed("C:\\a;D:\\b", "windows"), ["C:\\a", "D:\\b"]);
  assertEquals(listed(""), null);
  assertEquals(listed(":"), null);
});
