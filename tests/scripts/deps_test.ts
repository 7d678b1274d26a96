import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  type CarriedSetup,
  type CarrierPin,
  CARRIERS,
  ensureCarried,
  ENTRIES,
} from "../../scripts/deps.ts";
import { DepsError, readTar } from "../../scripts/npm_package.ts";
import { tarballOf } from "../support/tarball.ts";

const SCRIPT = decodeURIComponent(new URL("../../scripts/deps.ts", import.meta.url).pathname);

const FILES = {
  "package/package.json": "{}",
  "package/esm/main.js": "throw new Error('never taken');",
  "package/esm/_dnt.shims.js": "throw new Error('replaced');",
  "package/esm/_dnt.polyfills.js": "export {};",
  "package/esm/deps/jsr.io/@scope/thing/1.0.0/mod.js": "export const answer = 42;\n",
  "package/esm/deps/jsr.io/@scope/thing/1.0.0/mod.js.map": "{}",
  "package/types/deps/jsr.io/@scope/thing/1.0.0/mod.d.ts": "export declare const answer: number;\n",
  "package/esm/deps/jsr.io/@other/thing/1.0.0/mod.js": "throw new Error('not wanted');",
  "package/esm/deps/jsr.io/@scope/../../../../evil.js": "throw new Error('escaped');",
};

interface Project {
  root: string;
  pin: CarrierPin;
  setup: CarriedSetup;
  counts: { setups: number; downloads: number };
  [Symbol.asyncDispose](): Promise<void>;
}

async function project(name = "plain"): Promise<Project> {
  const parent = await Deno.makeTempDir({ prefix: "palette-deps-" });
  const root = `${parent}/${name}`;
  await Deno.mkdir(root);
  await Deno.writeTextFile(
    `${root}/deno.json`,
    JSON.stringify({ imports: { "@scope/thing": "jsr:@scope/thing@1", yaml: "npm:yaml@2.0.0" } }),
  );
  const { bytes, sha512 } = await tarballOf(FILES);
  const pin = { name: "carrier", version: "1.0.0", sha512, modules: ["@scope"] };
  const counts = { setups: 0, downloads: 0 };
  const setup: CarriedSetup = {
    root,
    carriers: [pin],
    entries: { "@scope/thing": "carrier/esm/deps/jsr.io/@scope/thing/1.0.0/mod.js" },
    async download(_, folder) {
      counts.downloads++;
      await Deno.writeFile(`${folder}/carrier.tgz`, bytes);
      return `${folder}/carrier.tgz`;
    },
    onSetup: () => counts.setups++,
  };
  return {
    root,
    pin,
    setup,
    counts,
    [Symbol.asyncDispose]: () => Deno.remove(parent, { recursive: true }),
  };
}

for (const name of ["plain", "with spaces", "mit Ümläuten 日本"]) {
  Deno.test(`modules are unpacked and can be imported in a folder "${name}"`, async () => {
    await using it = await project(name);
    const folder = await ensureCarried(it.setup);
    const map = JSON.parse(await Deno.readTextFile(`${it.root}/${folder}/import_map.json`));
    assertEquals(map.imports, {
      "@scope/thing": "./carrier/esm/deps/jsr.io/@scope/thing/1.0.0/mod.js",
      yaml: "npm:yaml@2.0.0",
      "yaml/": "npm:/yaml@2.0.0/",
    });
    await Deno.writeTextFile(
      `${it.root}/use.ts`,
      'import { answer } from "@scope/thing"; const n: number = answer; console.log(n);',
    );
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--check", "--no-lock", `--import-map=${folder}/import_map.json`, "use.ts"],
      cwd: it.root,
    }).output();
    assertEquals(new TextDecoder().decode(stdout), "42\n", new TextDecoder().decode(stderr));
  });
}

Deno.test("wrong types are rejected: the carried types are in use", async () => {
  await using it = await project();
  const folder = await ensureCarried(it.setup);
  await Deno.writeTextFile(
    `${it.root}/use.ts`,
    'import { answer } from "@scope/thing"; export const text: string = answer;',
  );
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--no-lock", `--import-map=${folder}/import_map.json`, "use.ts"],
    cwd: it.root,
  }).output();
  assertEquals(success, false);
  assertStringIncludes(new TextDecoder().decode(stderr), "TS2322");
});

Deno.test("only the wanted modules are taken, shims replaced, nothing outside the folder", async () => {
  await using it = await project();
  const folder = await ensureCarried(it.setup);
  const manifest = JSON.parse(await Deno.readTextFile(`${it.root}/${folder}/manifest.json`));
  assertEquals(Object.keys(manifest).sort(), [
    "carrier/esm/_dnt.polyfills.js",
    "carrier/esm/_dnt.shims.d.ts",
    "carrier/esm/_dnt.shims.js",
    "carrier/esm/deps/jsr.io/@scope/thing/1.0.0/mod.d.ts",
    "carrier/esm/deps/jsr.io/@scope/thing/1.0.0/mod.js",
    "import_map.json",
  ]);
  const shims = await Deno.readTextFile(`${it.root}/${folder}/carrier/esm/_dnt.shims.js`);
  assertEquals(shims.includes("replaced"), false);
});

Deno.test("a second run does nothing", async () => {
  await using it = await project();
  const first = await ensureCarried(it.setup);
  assertEquals(await ensureCarried(it.setup), first);
  assertEquals(it.counts, { setups: 1, downloads: 1 });
});

const DAMAGE: [string, (folder: string) => Promise<void>][] = [
  ["a shortened file", (folder) => Deno.truncate(`${folder}/carrier/esm/_dnt.shims.js`, 3)],
  ["a missing file", (folder) => Deno.remove(`${folder}/carrier/esm/_dnt.polyfills.js`)],
  ["a missing manifest", (folder) => Deno.remove(`${folder}/manifest.json`)],
  ["a broken manifest", (folder) => Deno.writeTextFile(`${folder}/manifest.json`, "{")],
  ["a missing import map", (folder) => Deno.remove(`${folder}/import_map.json`)],
];

for (const [name, damage] of DAMAGE) {
  Deno.test(`${name} is noticed and rebuilt`, async () => {
    await using it = await project();
    const folder = `${it.root}/${await ensureCarried(it.setup)}`;
    await damage(folder);
    await ensureCarried(it.setup);
    assertEquals(it.counts.setups, 2);
    await ensureCarried(it.setup);
    assertEquals(it.counts.setups, 2);
    const left = await Array.fromAsync(Deno.readDir(`${it.root}/.deps`), (entry) => entry.name);
    assertEquals(left.length, 1);
  });
}

Deno.test("a wrong checksum is named with the right one, and leaves nothing", async () => {
  await using it = await project();
  const setup = { ...it.setup, carriers: [{ ...it.pin, sha512: "AAAA" }] };
  const error = await assertRejects(() => ensureCarried(setup), DepsError);
  assertStringIncludes(error.message, `the checksum of carrier@1.0.0 is ${it.pin.sha512}`);
  assertStringIncludes(error.message, "expected AAAA");
  assertEquals(await Array.fromAsync(Deno.readDir(`${it.root}/.deps`)), []);
});

Deno.test("an import without a source is named", async () => {
  await using it = await project();
  const error = await assertRejects(() => ensureCarried({ ...it.setup, entries: {} }), DepsError);
  assertStringIncludes(error.message, 'deno.json imports "@scope/thing"');
});

Deno.test("another set of imports gets another folder", async () => {
  await using it = await project();
  const first = await ensureCarried(it.setup);
  await Deno.writeTextFile(
    `${it.root}/deno.json`,
    JSON.stringify({ imports: { "@scope/thing": "jsr:@scope/thing@2" } }),
  );
  assertEquals(await ensureCarried(it.setup) === first, false);
});

Deno.test("stages of killed runs are swept once they are old", async () => {
  await using it = await project();
  const old = `${it.root}/.deps/stage-old`;
  const young = `${it.root}/.deps/stage-young`;
  await Deno.mkdir(old, { recursive: true });
  await Deno.mkdir(young);
  const hourAgo = new Date(Date.now() - 3_600_000);
  await Deno.utime(old, hourAgo, hourAgo);
  await ensureCarried(it.setup);
  const names = await Array.fromAsync(Deno.readDir(`${it.root}/.deps`), (entry) => entry.name);
  assertEquals(names.includes("stage-old"), false);
  assertEquals(names.includes("stage-young"), true);
});

Deno.test("several set-ups at once all end well", async () => {
  await using it = await project();
  const folders = await Promise.all(Array.from({ length: 6 }, () => ensureCarried(it.setup)));
  assertEquals(new Set(folders).size, 1);
  assertEquals(await ensureCarried(it.setup), folders[0]);
  const left = await Array.fromAsync(Deno.readDir(`${it.root}/.deps`), (entry) => entry.name);
  assertEquals(left.length, 1);
});

Deno.test("readTar() refuses an archive that is cut short", async () => {
  const { bytes } = await tarballOf({ "package/a.js": "x".repeat(2000) });
  const tar = new Uint8Array(
    await new Response(
      new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")),
    ).arrayBuffer(),
  );
  assertThrows(() => [...readTar(tar.subarray(0, 1024))], DepsError, "damaged");
});

Deno.test("every jsr: import of deno.json has a source, and every pin a checksum", async () => {
  const { imports } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  const named = Object.entries(imports as Record<string, string>)
    .filter(([, specifier]) => specifier.startsWith("jsr:")).map(([name]) => name);
  assertEquals(named.sort(), Object.keys(ENTRIES).sort());
  for (const { sha512 } of CARRIERS) assertEquals(atob(sha512).length, 64);
});

async function runDeps(args: string[], env: Record<string, string>) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-config", SCRIPT, ...args],
    env,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("a mode that is none is one line and exit status 1", async () => {
  assertEquals(await runDeps(["--version"], { PALETTE_DEPS: "bogus" }), {
    code: 1,
    stdout: "",
    stderr: 'Error: PALETTE_DEPS is "bogus"; it takes jsr or npm\n',
  });
});

Deno.test("arguments, exit status and silence are handed through", async () => {
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(script, "console.log(Deno.args.join()); Deno.exit(7);");
  const result = await runDeps(["run", "--no-lock", script, "a", "b c"], { PALETTE_DEPS: "jsr" });
  assertEquals(result, { code: 7, stdout: "a,b c\n", stderr: "" });
  await Deno.remove(script);
});

Deno.test("a signal reaches what it runs", async () => {
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(
    script,
    `Deno.addSignalListener("SIGTERM", () => { console.log("got it"); Deno.exit(3); });
     console.log("ready"); setInterval(() => {}, 1000);`,
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-config", SCRIPT, "run", "-A", script],
    env: { PALETTE_DEPS: "jsr" },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let seen = "";
  while (!seen.includes("ready")) seen += (await reader.read()).value ?? "";
  child.kill("SIGTERM");
  for (let part = await reader.read(); !part.done; part = await reader.read()) seen += part.value;
  assertEquals([(await child.status).code, seen], [3, "ready\ngot it\n"]);
  await Deno.remove(script);
});

Deno.test("the npm client is asked with the user's registry (needs npm)", {
  ignore: !(await new Deno.Command("npm", { args: ["--version"], stdout: "null", stderr: "null" })
    .output().then(({ success }) => success, () => false)),
}, async () => {
  const asked: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    asked.push(new URL(request.url).pathname);
    return new Response("{}", { status: 404 });
  });
  const parent = await Deno.makeTempDir({ prefix: "palette-deps-npm-" });
  const root = `${parent}/with spaces`;
  await Deno.mkdir(`${root}/scripts`, { recursive: true });
  await Deno.copyFile(SCRIPT, `${root}/scripts/deps.ts`);
  await Deno.copyFile(
    SCRIPT.replace(/deps\.ts$/, "npm_package.ts"),
    `${root}/scripts/npm_package.ts`,
  );
  await Deno.writeTextFile(`${root}/deno.json`, '{"imports": {}}');
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", `${root}/scripts/deps.ts`, "--version"],
    env: {
      PALETTE_DEPS: "npm",
      npm_config_registry: `http://127.0.0.1:${server.addr.port}/`,
      NO_PROXY: "127.0.0.1",
    },
  }).output();
  assertEquals(code, 1);
  assertStringIncludes(
    new TextDecoder().decode(stderr),
    "Error: npm could not download windmill-cli@",
  );
  assertEquals(asked.some((path) => path.startsWith("/windmill-cli")), true);
  await Deno.remove(parent, { recursive: true });
});
