import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { UserError } from "../../../lib/errors.ts";
import { VERSION } from "../../../lib/version.ts";
import { signChecksums, writeChecksums } from "../../../scripts/checksums.ts";
import { DepsError } from "../../../scripts/npm_package.ts";
import { buildPortable } from "../../../scripts/portable.ts";
import { parseBuildArguments } from "../../../scripts/portable/command_line.ts";
import type { RuntimeSource } from "../../../scripts/portable/runtime.ts";
import { type Target, TARGETS } from "../../../scripts/portable/target.ts";
import { TempFolder, testProgram } from "../../support/portable_tree.ts";
import { hasProgram, outputOf } from "../../support/programs.ts";
import { tarballOf } from "../../support/tarball.ts";
import { namesIn } from "../../support/temp_folder.ts";

/** All targets, with runtimes that are a few bytes. */
async function smallRuntimes(cache: string) {
  const tarballs = new Map<string, Uint8Array<ArrayBuffer>>();
  const targets: Target[] = [];
  for (const target of TARGETS) {
    const { bytes, sha512 } = await tarballOf({
      [`package/${target.isWindows ? "deno.exe" : "deno"}`]: `runtime of ${target.name}`,
      "package/package.json": "{}",
    });
    tarballs.set(target.runtime.name, bytes);
    targets.push({ ...target, runtime: { ...target.runtime, sha512 } });
  }
  const downloads: string[] = [];
  const runtimes: RuntimeSource = {
    cache,
    async download({ name }, folder) {
      downloads.push(name);
      await Deno.writeFile(`${folder}/it.tgz`, tarballs.get(name) ?? new Uint8Array());
      return `${folder}/it.tgz`;
    },
  };
  return { targets, runtimes, downloads };
}

const FILES = [
  "LICENSE",
  "README.md",
  "THIRD-PARTY-LICENSES.txt",
  "completions/_palette",
  "completions/palette.bash",
  "completions/palette.fish",
  "completions/palette.ps1",
  "lib/deno",
  "lib/palette.js",
  "palette",
  "sbom.cdx.json",
];

Deno.test(
  "archives of all platforms are the same bytes whenever they are built (needs tar, unzip)",
  {
    ignore: !hasProgram("tar") || !hasProgram("unzip"),
  },
  async (t) => {
    await using folder = await TempFolder.make();
    const [first, second] = [`${folder.path}/first`, `${folder.path}/second`];
    const { targets, runtimes, downloads } = await smallRuntimes(`${folder.path}/cache`);
    const program = await testProgram();
    const build = { version: VERSION, targets, runtimes };
    const written = await buildPortable({ ...build, output: first, program });
    const name = (target: string) => `palette-${VERSION}-${target}`;

    await t.step("they are named for version and target", () => {
      assertEquals(written.map((path) => path.replace(`${first}/`, "")), [
        ...["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"].flatMap((target) => [
          `${name(target)}.tar.gz`,
          `${name(target)}.cdx.json`,
        ]),
        `${name("windows-x64")}.zip`,
        `${name("windows-x64")}.cdx.json`,
      ]);
      assertEquals(namesIn(first), written.map((path) => path.replace(`${first}/`, "")).sort());
    });

    await t.step("a second build downloads nothing, and gives the same bytes", async () => {
      await buildPortable({ ...build, output: second });
      assertEquals(downloads, TARGETS.map(({ runtime }) => runtime.name));
      for (const file of namesIn(first)) {
        assertEquals(await sha256(`${second}/${file}`), await sha256(`${first}/${file}`), file);
      }
    });

    await t.step("a tar.gz says nothing of the machine, and tar reads it", async () => {
      const path = `${first}/${name("linux-x64")}.tar.gz`;
      const bytes = await Deno.readFile(path);
      // Magic, deflate, no name, no time, best compression, system unknown (RFC 1952).
      assertEquals([...bytes.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
      const lines = (await outputOf("tar", "--utc", "--full-time", "-tvzf", path)).trim().split(
        "\n",
      )
        .map((line) => line.split(/\s+/));
      const top = name("linux-x64");
      const files = lines.filter(([mode]) => mode?.startsWith("-"))
        .filter((words) => !words.at(-1)?.includes("/man/"));
      assertEquals(files.map((words) => words.at(-1)), FILES.map((file) => `${top}/${file}`));
      assertEquals(new Set(lines.map(([, owner]) => owner)), new Set(["root/root"]));
      assertEquals(new Set(lines.map(([, , , day, time]) => `${day} ${time}`)).size, 1);
      const executable = lines.filter(([mode]) => mode === "-rwxr-xr-x");
      assertEquals(executable.map((words) => words.at(-1)), [`${top}/lib/deno`, `${top}/palette`]);
      const content = await outputOf("tar", "-xOzf", path, `${top}/lib/deno`);
      assertEquals(content, "runtime of linux-x64");
    });

    await t.step("a zip is whole, and holds the same", async () => {
      const path = `${first}/${name("windows-x64")}.zip`;
      assertMatch(await outputOf("unzip", "-tq", path), /^No errors detected/);
      const names = (await outputOf("unzip", "-Z1", path)).trim().split("\n");
      const wanted = FILES.map((file) =>
        file.replace(/^palette$/, "palette.cmd").replace(/^lib\/deno$/, "lib/deno.exe")
      );
      assertEquals(
        names.filter((file) => !file.includes("/man/")),
        wanted.map((file) => `${name("windows-x64")}/${file}`),
      );
      const deno = await outputOf("unzip", "-p", path, `${name("windows-x64")}/lib/deno.exe`);
      assertEquals(deno, "runtime of windows-x64");
    });

    await t.step("the bill of materials names every package, its version and licence", async () => {
      const sbom = JSON.parse(await Deno.readTextFile(`${first}/${name("linux-x64")}.cdx.json`));
      assertEquals([sbom.bomFormat, sbom.specVersion, sbom.version], ["CycloneDX", "1.6", 1]);
      assertMatch(
        sbom.serialNumber,
        /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
      assertEquals(sbom.metadata.component.version, VERSION);
      const components = sbom.components as {
        name: string;
        version: string;
        licenses: { license: { id: string } }[];
      }[];
      const licences = Object.fromEntries(
        components.map(({ name, licenses }) => [name, licenses[0]?.license.id]),
      );
      assertEquals(
        [licences["deno"], licences["v8"], licences["yaml"], licences["modern-tar"]],
        ["MIT", "BSD-3-Clause", "ISC", "MIT"],
      );
      assertEquals(licences["@std/yaml"], "MIT");
      const packages = new Set(components.map(({ name }) => name.split("/")[0]));
      assertEquals(packages.has("@windmill-labs") || packages.has("@cliffy"), true);
      // What is only for tests is not in it.
      assertEquals(packages.has("ajv"), false);
      const text = await outputOf(
        "tar",
        "-xOzf",
        `${first}/${name("linux-x64")}.tar.gz`,
        `${name("linux-x64")}/THIRD-PARTY-LICENSES.txt`,
      );
      for (const { name, version } of components) {
        assertStringIncludes(text, `\n${name} ${version}\n`);
      }
      assertStringIncludes(text, "Copyright Eemeli Aro");
      assertStringIncludes(text, "Copyright (c) 2020 c4spar");
    });

    await t.step("checksums are what sha256sum checks", async () => {
      await Deno.writeTextFile(`${first}/notes.txt`, "not a release");
      await writeChecksums(first);
      const text = await Deno.readTextFile(`${first}/SHA256SUMS`);
      const names = text.trim().split("\n").map((line) => line.slice(66));
      assertEquals(names, namesIn(first).filter((file) => file.startsWith("palette-")));
      const { success } = await new Deno.Command("sha256sum", {
        args: ["--check", "--strict", "--quiet", "SHA256SUMS"],
        cwd: first,
      }).output();
      assertEquals(success, true);
    });

    for (
      const [kind, options] of [
        ["ECDSA", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]],
        ["RSA", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]],
      ] as const
    ) {
      await t.step({
        name: `openssl checks the signature of an ${kind} key, and notices a changed sum`,
        ignore: !hasProgram("openssl"),
        fn: async () => {
          const [key, pub] = [`${folder.path}/${kind}.pem`, `${folder.path}/${kind}.pub`];
          await new Deno.Command("openssl", { args: ["genpkey", ...options, "-out", key] })
            .output();
          await new Deno.Command("openssl", { args: ["pkey", "-in", key, "-pubout", "-out", pub] })
            .output();
          await signChecksums(first, key);
          const check = async () => {
            const { code } = await new Deno.Command("openssl", {
              args: [
                "dgst",
                "-sha256",
                "-verify",
                pub,
                "-signature",
                "SHA256SUMS.sig",
                "SHA256SUMS",
              ],
              cwd: first,
              stdout: "null",
              stderr: "null",
            }).output();
            return code;
          };
          assertEquals(await check(), 0);
          const sums = await Deno.readTextFile(`${first}/SHA256SUMS`);
          const changed = sums.replace(/^./, (digit) => digit === "0" ? "1" : "0");
          await Deno.writeTextFile(`${first}/SHA256SUMS`, changed);
          assertEquals(await check(), 1);
          await writeChecksums(first);
          // A signature of other sums does not stay.
          assertEquals(namesIn(first).includes("SHA256SUMS.sig"), false);
        },
      });
    }
  },
);

Deno.test("a runtime with another checksum is refused, and nothing is kept of it", async () => {
  await using folder = await TempFolder.make();
  const cache = `${folder.path}/cache`;
  const { targets: [target], runtimes } = await smallRuntimes(cache);
  const wrong = { ...target as Target };
  wrong.runtime = { ...wrong.runtime, sha512: "AAAA" };
  const program = await testProgram();
  const output = `${folder.path}/out`;
  const build = { version: VERSION, targets: [wrong], output, runtimes, program };
  const error = await assertRejects(() => buildPortable(build), DepsError);
  assertStringIncludes(error.message, "the checksum of @deno/linux-x64-glibc@2.9.5 is ");
  assertEquals(namesIn(cache), []);
  assertEquals(namesIn(`${folder.path}/out`), []);
});

Deno.test("a kept runtime that was damaged is downloaded again", async () => {
  await using folder = await TempFolder.make();
  const cache = `${folder.path}/cache`;
  const { targets, runtimes, downloads } = await smallRuntimes(cache);
  const build = {
    version: VERSION,
    targets: targets.slice(0, 1),
    output: `${folder.path}/out`,
    runtimes,
    program: await testProgram(),
  };
  await Deno.mkdir(cache);
  await Deno.writeTextFile(`${cache}/deno-linux-x64-glibc-2.9.5.tgz`, "damaged");
  await buildPortable(build);
  assertEquals(downloads, ["@deno/linux-x64-glibc"]);
  assertEquals(namesIn(cache), ["deno-linux-x64-glibc-2.9.5.tgz"]);
});

Deno.test("a version that the source is not of is refused", async () => {
  await using folder = await TempFolder.make();
  const { targets, runtimes } = await smallRuntimes(`${folder.path}/cache`);
  const build = { version: "9.9.9", targets, output: `${folder.path}/out`, runtimes };
  const error = await assertRejects(() => buildPortable(build), UserError);
  assertEquals(error.message, `The source is of version ${VERSION}, not 9.9.9`);
  assertEquals(namesIn(folder.path), []);
});

Deno.test("the pinned runtimes are of one version, each with a checksum", () => {
  assertEquals(TARGETS.map(({ name }) => name), [
    "linux-x64",
    "linux-arm64",
    "darwin-x64",
    "darwin-arm64",
    "windows-x64",
  ]);
  for (const { runtime } of TARGETS) {
    assertEquals([runtime.version, atob(runtime.sha512).length], ["2.9.5", 64]);
  }
});

Deno.test("arguments of builds: targets once each, in the order given", () => {
  const { targets, options } = parseBuildArguments(
    ["--target", "windows-x64", "--target=linux-x64", "--target", "windows-x64", "--sign=a=b"],
    { sign: true },
  );
  assertEquals(targets.map(({ name }) => name), ["windows-x64", "linux-x64"]);
  assertEquals([...options], [["sign", "a=b"]]);
  assertEquals(parseBuildArguments(["--all"], {}).targets, [...TARGETS]);
});

for (
  const [args, message] of [
    [["--target", "linux-x86"], 'There is no target "linux-x86"'],
    [["--target"], "--target needs a value"],
    [["--sign", ""], "--sign needs a value"],
    [["--all", "--target", "linux-x64"], "--all and --target do not go together"],
    [["--all=yes"], "--all takes no value"],
    [["--dev=1"], "--dev takes no value"],
    [["--bogus"], 'There is no option "--bogus"'],
    [["linux-x64"], 'There is no option "linux-x64"'],
    [["--constructor"], 'There is no option "--constructor"'],
    [["--toString"], 'There is no option "--toString"'],
  ] as const
) {
  Deno.test(`arguments of builds: ${args.join(" ")} is refused`, async () => {
    const parse = () =>
      Promise.resolve().then(() => parseBuildArguments(args, { sign: true, dev: false }));
    const error = await assertRejects(parse, UserError);
    assertEquals(error.message, message);
  });
}

async function sha256(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}
