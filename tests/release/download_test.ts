import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  assertInstalled,
  assertRefused,
  exists,
  inShells,
  type Setting,
} from "../support/installation.ts";
import {
  KINDS,
  KINDS_BY_PATH,
  replaceTool,
  runInstaller,
  startInstaller,
} from "../support/installer.ts";
import { type RawAnswer, RawHttpServer } from "../support/raw_http_server.ts";
import { HOST_TARGET, standInArchive, writeRelease } from "../support/release_files.ts";
import { namesIn } from "../support/temp_folder.ts";

const ARCHIVE = `palette-1.2.3-${HOST_TARGET}.tar.gz`;
const UNSIGNED = "Note: the signature is not checked (--public-key)\n";
const MISSING = { status: "404 Not Found" };

/** Serves a folder below `/dl/`; some of its files with another answer. */
function serve(release: string, others: Record<string, RawAnswer> = {}): RawHttpServer {
  return new RawHttpServer(async (path) => {
    const name = path.replace("/dl/", "");
    if (name in others) return others[name] ?? MISSING;
    try {
      return { body: await Deno.readFile(`${release}/${name}`) };
    } catch {
      return MISSING;
    }
  });
}

inShells(KINDS, "installs from a server, and asks it for nothing but the files", async (it) => {
  await using server = serve(it.release);
  const from = `${server.origin}/dl`;
  assertEquals(await it.install("--from", `${from}/`), {
    status: 0,
    stdout: `Installed palette 1.2.3 (${HOST_TARGET}): ${it.prefix}/bin/palette\n`,
    stderr: `${UNSIGNED}Downloading ${from}/${ARCHIVE}\n` +
      `Hint: "${it.prefix}/bin" is not on PATH; add it in the profile of your shell\n`,
  });
  assertInstalled(it.prefix, "1.2.3");
  assertEquals(server.requests, ["GET /dl/SHA256SUMS", `GET /dl/${ARCHIVE}`]);
});

/** Installs from a server whose archive comes wrong. */
async function refuseArchive(it: Setting, answer: RawAnswer): Promise<string> {
  await using server = serve(it.release, { [ARCHIVE]: answer });
  const { status, stdout, stderr } = await it.install("--from", `${server.origin}/dl`);
  assertEquals([status, stdout, exists(it.prefix)], [1, "", false]);
  assertEquals(stderr.split("\n").filter((line) => line.startsWith("Error: ")).length, 1);
  return stderr.replaceAll(server.origin, "");
}

inShells(KINDS, "a download that ends early is refused", async (it) => {
  const body = await standInArchive({});
  const half = body.slice(0, body.length / 2);
  const start = `Error: cannot get "/dl/${ARCHIVE}": `;
  assertStringIncludes(await refuseArchive(it, { body: half, length: body.length }), start);
  // Of the length that it says, and shorter than it is.
  assertStringIncludes(
    await refuseArchive(it, { body: half }),
    `Error: "/dl/${ARCHIVE}" is damaged: its SHA-256 is `,
  );
  const more = new Uint8Array([...body, 0]);
  assertStringIncludes(await refuseArchive(it, { body: more }), " is damaged: its SHA-256 is ");
  const chunked = { "transfer-encoding": "chunked", "content-length": "" };
  const chunk = new TextEncoder().encode("5\r\nhello\r\n");
  assertMatch(
    await refuseArchive(it, { body: chunk, headers: chunked }),
    /Error: (cannot get .+|.+ is damaged: .+)\n/,
  );
});

inShells(KINDS, "what a server does not have is named", async (it) => {
  await using empty = serve(`${it.folder}/none`);
  const sums = `${empty.origin}/dl/SHA256SUMS`;
  const { status, stderr } = await it.install("--from", `${empty.origin}/dl`);
  assertEquals([status, exists(it.prefix)], [1, false]);
  assertMatch(
    stderr.replace(sums, "URL"),
    /^Error: cannot get "URL": .*(404|Not Found).*\nHint: Does --from name a release\?\n$/,
  );
  assertStringIncludes(
    await refuseArchive(it, MISSING),
    `Error: cannot get "/dl/${ARCHIVE}": `,
  );
  await empty[Symbol.asyncDispose]();
  assertEquals((await it.install("--from", `${empty.origin}/dl`)).status, 1);
  assertEquals(exists(it.prefix), false);
});

inShells(KINDS, "a redirect is refused", async (it) => {
  await using other = serve(it.release);
  const moved = { status: "302 Found", headers: { location: `${other.origin}/dl/${ARCHIVE}` } };
  const said = await refuseArchive(it, moved);
  assertStringIncludes(said, `Error: cannot get "/dl/${ARCHIVE}": `);
  // Busybox follows before it can be told not to; what it gets there is not taken.
  const isBusybox = it.installer.name === "busybox";
  assertEquals(other.requests, isBusybox ? [`GET /dl/${ARCHIVE}`] : []);
  if (isBusybox) assertStringIncludes(said, ": redirected to another address\n");
});

inShells(
  KINDS,
  "names with an escape sequence from a server do not reach the terminal",
  async (it) => {
    const said = await refuseArchive(it, { status: "404 \x1b[31mred" });
    assertEquals(said.includes("\x1b"), false);
  },
);

inShells(KINDS_BY_PATH, "plain http from another host needs --allow-http", async (it) => {
  // A program in the client's place notes what it was asked for.
  const { installer, folder, prefix } = it;
  const client = installer.name === "dash with curl" ? "curl" : "wget";
  const log = `${folder}/calls`;
  const note = `case $* in *--help*) exit ;; esac; echo "$*" >>"${log}"; exit 1`;
  await replaceTool(installer, client, note);
  const run = (...args: string[]) =>
    runInstaller(installer, ["--prefix", prefix, "--from", "http://releases.example.com", ...args]);
  assertEquals((await run()).status, 1);
  assertEquals(exists(log), false);
  assertEquals((await run("--allow-http")).status, 1);
  assertStringIncludes(await Deno.readTextFile(log), "http://releases.example.com/SHA256SUMS\n");
});

inShells(["busybox"], "its wget is not trusted with https without a key", async (it) => {
  await assertRefused(
    it,
    "Error: the wget of busybox does not check certificates\n" +
      "Hint: Check the signature with --public-key, install curl, or use --allow-http\n",
    "--from",
    "https://127.0.0.1:9",
  );
});

inShells(["dash with curl"], "https stays https", async (it) => {
  const { installer, folder, prefix } = it;
  const log = `${folder}/calls`;
  await replaceTool(installer, "curl", `echo "$*" >>"${log}"; exit 1`);
  await runInstaller(installer, ["--prefix", prefix, "--from", "https://r.example.com/x"]);
  const call = await Deno.readTextFile(log);
  assertStringIncludes(call, "--proto =https --location --max-redirs 0 ");
  assertStringIncludes(call, " https://r.example.com/x/SHA256SUMS\n");
  assertEquals(/insecure|-k /.test(call), false);
});

for (const [signal, status] of [["SIGTERM", 143], ["SIGINT", 130], ["SIGHUP", 129]] as const) {
  inShells(KINDS, `${signal} during the download leaves what was there`, async (it) => {
    const { installer, folder, prefix, release } = it;
    await writeRelease(`${folder}/old`, { version: "1.2.2" });
    const archive = await standInArchive({});
    const { promise: isAsked, resolve } = Promise.withResolvers<void>();
    await using server = new RawHttpServer(async (path) => {
      if (path !== `/${ARCHIVE}`) return { body: await Deno.readFile(`${release}${path}`) };
      resolve();
      return { body: archive.slice(0, 100), length: archive.length, hangs: true };
    });
    for (const isUpgrade of [false, true]) {
      if (isUpgrade) await it.install("--from", `${folder}/old`);
      const child = startInstaller(installer, ["--from", server.origin, "--prefix", prefix]);
      await isAsked;
      while (!namesIn(`${prefix}/lib/palette`).some((name) => name.startsWith(".palette-new"))) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
      child.kill(signal);
      const { code, stdout } = await child.output();
      assertEquals([code, new TextDecoder().decode(stdout)], [status, ""]);
      if (isUpgrade) assertInstalled(prefix, "1.2.2");
      else assertEquals(exists(prefix), false);
    }
  });
}
