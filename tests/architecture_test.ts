import { assertEquals } from "@std/assert";

const LIB = new URL("../lib/", import.meta.url);
const MAIN = new URL("../main.ts", import.meta.url);

/** Folders by level; a file imports its own folder and lower levels only. */
const LEVELS: Record<string, number> = {
  "main.ts": 1,
  "cli.ts": 1,
  commands: 2,
  app_profile: 3,
  content: 3,
  install: 3,
  validation: 3,
  vmo: 3,
  fips: 3,
  api: 4,
  config: 4,
  kube: 4,
  oci: 4,
  wizard: 4,
  output: 4,
  secrets: 5,
  yaml: 5,
  runtime: 6,
  "errors.ts": 7,
  "version.ts": 7,
  "root_help.ts": 7,
};

interface Source {
  /** Path below lib/, or main.ts. */
  path: string;
  text: string;
}

async function sourcesBelow(folder: URL, prefix = ""): Promise<Source[]> {
  const found: Source[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${prefix}${name}`;
    if (isDirectory) found.push(...await sourcesBelow(new URL(`${name}/`, folder), `${path}/`));
    else if (name.endsWith(".ts")) {
      found.push({ path, text: await Deno.readTextFile(new URL(name, folder)) });
    }
  }
  return found;
}

const sources = [
  ...await sourcesBelow(LIB),
  { path: "main.ts", text: await Deno.readTextFile(MAIN) },
];

/** Source without comments, so that prose is not taken for code. */
function code({ text }: Source): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

function importsOf(source: Source): string[] {
  return [...code(source).matchAll(/(?:from\s*|import\s*\(\s*|import\s+)"([^"]+)"/g)]
    .map((match) => match[1] ?? "");
}

/** Path below lib/ of a relative import. */
function resolved(from: string, specifier: string): string {
  const base = from === "main.ts" ? "x://x/main.ts" : `x://x/lib/${from}`;
  return new URL(specifier, base).pathname.replace(/^\/(lib\/)?/, "");
}

function folderOf(path: string): string {
  return path.split("/")[0] ?? "";
}

Deno.test("every file of lib/ lies in a folder that has a level", () => {
  const strays = sources.map(({ path }) => path).filter((path) => !(folderOf(path) in LEVELS));
  assertEquals(strays, []);
});

Deno.test("imports point down", () => {
  const wrong: string[] = [];
  for (const source of sources) {
    for (const specifier of importsOf(source).filter((text) => text.startsWith("."))) {
      const target = folderOf(resolved(source.path, specifier));
      const own = folderOf(source.path);
      const isDown = (LEVELS[target] ?? 0) > (LEVELS[own] ?? 0);
      if (target !== own && !isDown && own !== "main.ts" && own !== "cli.ts") {
        wrong.push(`${source.path} -> ${specifier}`);
      }
    }
  }
  assertEquals(wrong, []);
});

Deno.test("lib/ does not import from tests or scripts", () => {
  const wrong = sources.flatMap((source) =>
    importsOf(source).filter((specifier) => /(^|\/)(tests|scripts)\//.test(specifier))
  );
  assertEquals(wrong, []);
});

Deno.test("only main.ts and lib/runtime name Deno", () => {
  const wrong = sources.filter((source) =>
    !source.path.startsWith("runtime/") && source.path !== "main.ts" &&
    /\bDeno\.(?!customInspect)/.test(code(source))
  );
  assertEquals(wrong.map(({ path }) => path), []);
});

Deno.test("only lib/config/file_store.ts writes files, apart from the log, support bundles and content", () => {
  const writing = /\.(createFlushed|appendSync|rename|setMode)\(/;
  const writers = sources.filter((source) => writing.test(code(source))).map(({ path }) => path);
  // Content is public, and of a size that no store for secrets is made for.
  assertEquals(
    writers.filter((path) => !/^(content|oci|commands\/content)\/|^runtime\/files/.test(path))
      .sort(),
    [
      "commands/support_bundle/support_bundle.ts",
      "config/file_store.ts",
      "runtime/log.ts",
    ],
  );
});

/** What leads to the network, and what gets at modules without naming them in an import. */
const CONNECTIONS = [
  /\bfetch\(/,
  /\b(WebSocket|WebSocketStream|EventSource)\b/,
  /\bDeno\.(connect|createHttpClient|listen|serve)/,
  /["'`]node:(http|https|http2|net|tls|dgram|dns)\b/,
  /\b(getBuiltinModule|createRequire)\b/,
  /\bopenTransport\(/,
];

function opensConnections(source: Source): boolean {
  return CONNECTIONS.some((pattern) => pattern.test(code(source)));
}

Deno.test("only lib/runtime opens connections, and only the clients ask it to", () => {
  assertEquals(sources.filter(opensConnections).map(({ path }) => path).sort(), [
    "commands/content/upload.ts",
    "commands/palette_client.ts",
    "content/transfer/chart_repository.ts",
    "oci/registry/wire.ts",
    "runtime/http.ts",
    "runtime/http_server.ts",
    "runtime/http_unverified.ts",
  ]);
});

for (
  const text of [
    'const { request } = await import("node:https");',
    'const net = await import("node:net");',
    'import type * as Http from "node:http";',
    'const tls = process.getBuiltinModule("tls");',
    "createRequire(import.meta.url)('node:http2');",
    'import { lookup } from "node:dns/promises";',
    "const client = Deno.createHttpClient({});",
    "await globalThis.fetch(url);",
    "new WebSocketStream(url);",
  ]
) {
  Deno.test(`a connection is seen in: ${text}`, () => {
    assertEquals(opensConnections({ path: "api/x.ts", text }), true);
  });
}

Deno.test("no address is built in but the documented default", () => {
  const addresses = sources.flatMap((source) =>
    [...code(source).matchAll(/https?:\/\/[\w.-]+\.[a-z]{2,}/g)].map((match) => match[0])
  );
  // Names in what is signed and in SBOMs, which nobody connects to.
  const names = ["https://in-toto.io", "https://sigstore.dev"];
  const built = new Set(addresses.filter((address) => !names.includes(address)));
  assertEquals([...built], ["https://console.spectrocloud.com"]);
});

Deno.test("nothing imports from the network", () => {
  const wrong = sources.flatMap((source) =>
    importsOf(source).filter((specifier) => /^(https?:|jsr:|npm:)/.test(specifier))
  );
  assertEquals(wrong, []);
});

Deno.test("no file is longer than 400 lines", () => {
  const long = sources.filter(({ text }) => text.split("\n").length > 400);
  assertEquals(long.map(({ path }) => path), []);
});

Deno.test("no static import of Node modules: every command of the bundle would load them", () => {
  const wrong = sources.filter((source) => /^import (?!type)[^;(]*"node:/m.test(code(source)));
  assertEquals(wrong.map(({ path }) => path), []);
});
