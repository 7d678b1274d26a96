import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  assertInstalled,
  assertRefused,
  exists,
  inEachShell,
  inShells,
} from "../support/installation.ts";
import {
  addTools,
  hasInstallers,
  INSTALLER,
  KINDS_BY_PATH,
  programPath,
  replaceTool,
  runInstaller,
  treeOf,
} from "../support/installer.ts";
import { openssl } from "../support/openssl.ts";
import { hasProgram, outputOf, runProgram } from "../support/programs.ts";
import { HOST_TARGET, writeRelease, writeSums } from "../support/release_files.ts";
import { inTempFolder, namesIn } from "../support/temp_folder.ts";

const UNSIGNED = "Note: the signature is not checked (--public-key)\n";
const ARCHIVE = `palette-1.2.3-${HOST_TARGET}.tar.gz`;
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

inEachShell("installs from a folder, and removes exactly that", async (it) => {
  const { installer, folder, prefix } = it;
  assertEquals(await it.install(), {
    status: 0,
    stdout: `Installed palette 1.2.3 (${HOST_TARGET}): ${prefix}/bin/palette\n`,
    stderr:
      `${UNSIGNED}Hint: "${prefix}/bin" is not on PATH; add it in the profile of your shell\n`,
  });
  const id = assertInstalled(prefix, "1.2.3");
  // Without PATH: the wrapper and what it runs need none.
  const run = (...args: string[]) => runProgram(`${prefix}/bin/palette`, args, { PATH: "" });
  assertEquals((await run("version")).stdout, "Palette CLI version: 1.2.3\n");
  assertEquals(await run("a b", "", "$c"), { status: 7, stdout: "<a b>\n<>\n<$c>\n", stderr: "" });
  await Deno.writeTextFile(`${prefix}/bin/other`, "");
  // As the program itself does.
  await Deno.mkdir(`${prefix}/lib/palette/${id}/lib/cache`);
  await Deno.writeTextFile(`${prefix}/lib/palette/${id}/lib/cache/code`, "");
  await Deno.mkdir(`${folder}/home/.palette`, { recursive: true });
  const HOME = `${folder}/home`;
  assertEquals(
    await runInstaller(installer, ["--uninstall", "--prefix", prefix], { HOME }),
    {
      status: 0,
      stdout: `Removed palette 1.2.3 from ${prefix}\n`,
      stderr:
        "Note: configuration and logs stay in ~/.palette; remove that folder yourself if you " +
        "want to\n",
    },
  );
  assertEquals(treeOf(prefix), { "bin/": "/", "bin/other": "" });
  assertEquals(namesIn(HOME), [".palette"]);
  assertEquals(await it.uninstall(), {
    status: 1,
    stdout: "",
    stderr: `Error: this script has installed no palette below "${prefix}"\n` +
      "Hint: Name its folder with --prefix\n",
  });
});

inEachShell("installs into ~/.local by default, and is silent when that is on PATH", async (it) => {
  const { installer, folder, release } = it;
  const HOME = `${folder}/home`;
  const env = { HOME, PATH: `${installer.tools}:${HOME}/.local/bin` };
  assertEquals(await runInstaller(installer, ["--from", release], env), {
    status: 0,
    stdout: `Installed palette 1.2.3 (${HOST_TARGET}): ${HOME}/.local/bin/palette\n`,
    stderr: UNSIGNED,
  });
  assertInstalled(`${HOME}/.local`, "1.2.3");
  assertEquals((await runInstaller(installer, ["--uninstall"], env)).status, 0);
  assertEquals(treeOf(folder)["home/.local/"], undefined);
});

inEachShell("an older version goes once the new one is in place, and comes back", async (it) => {
  const { folder, prefix } = it;
  await writeRelease(`${folder}/old`, {
    version: "1.2.2",
    files: { "man/man1/palette-gone.1": "gone\n" },
  });
  await it.install("--from", `${folder}/old`);
  assertEquals(exists(`${prefix}/share/man/man1/palette-gone.1`), true);
  const old = namesIn(`${prefix}/lib/palette`);
  assertEquals((await it.install()).status, 0);
  assertInstalled(prefix, "1.2.3");
  await it.install("--from", `${folder}/old`);
  assertEquals(namesIn(`${prefix}/lib/palette`), old);
  assertEquals((await it.uninstall()).status, 0);
  assertEquals(exists(prefix), false);
});

inEachShell(
  "nobody else may write what is installed, whatever umask and archive say",
  async (it) => {
    const { installer, prefix, release, folder } = it;
    const body = new TextEncoder().encode("#!/bin/sh\n");
    const name = `palette-1.2.3-${HOST_TARGET}/lib/helper`;
    const header = { name, size: body.length, mode: 0o6777, mtime: new Date(0) };
    await writeRelease(release, { entries: [{ header, body }] });
    const shell = ["/bin/sh", "-c", 'umask 000; exec "$@"', "sh", ...installer.shell];
    const { status } = await runInstaller({ ...installer, shell }, [
      ...["--from", release, "--prefix", prefix],
    ]);
    assertEquals(status, 0);
    // Bits for other writers, and those that lend the rights of a file's owner.
    const wide = ["(", "-perm", "-002", "-o", "-perm", "-020", "-o", "-perm", "-4000", ")"];
    assertEquals(await outputOf("find", prefix, "!", "-type", "l", ...wide), "");
    assertEquals(
      await outputOf("find", folder, "-name", "helper", "-perm", "755"),
      `${prefix}/lib/palette/${namesIn(`${prefix}/lib/palette`)[0]}/lib/helper\n`,
    );
  },
);

inEachShell("the same build again changes nothing, and repairs what is damaged", async (it) => {
  const { prefix } = it;
  await it.install();
  const id = assertInstalled(prefix, "1.2.3");
  const before = treeOf(prefix);
  const program = `${prefix}/lib/palette/${id}/lib/palette.js`;
  const { ino } = await Deno.stat(program);
  const cache = `${prefix}/lib/palette/${id}/lib/cache`;
  await Deno.mkdir(cache);
  assertEquals((await it.install()).status, 0);
  assertEquals((await Deno.stat(program)).ino, ino);
  await Deno.remove(cache);
  assertEquals(treeOf(prefix), before);
  await Deno.writeTextFile(program, "damaged");
  await Deno.remove(`${prefix}/share/man/man1/palette.1`);
  assertEquals((await it.install()).status, 0);
  assertEquals(treeOf(prefix), before);
  await it.uninstall();
  assertEquals(exists(prefix), false);
});

inEachShell("the signature is checked with the key that is given", async (it) => {
  const { installer, folder, release, prefix } = it;
  const at = (name: string) => `${folder}/${name}`;
  await makeKeyPair(folder, "ec");
  await makeKeyPair(folder, "other");
  const given = ["--public-key", at("ec.pub")];
  await assertRefused(
    it,
    "Error: cannot check the signature: openssl is not installed\n" +
      "Hint: Install openssl; without --public-key the signature is not checked\n",
    ...given,
  );
  await addTools(installer, "openssl");
  await assertRefused(
    it,
    `Error: the release is not signed: cannot get "${release}/SHA256SUMS.sig": no such file\n`,
    ...given,
  );
  await writeSums(release, at("ec.pem"));
  const wrong = (key: string) =>
    `Error: the signature of "${release}/SHA256SUMS" is not one of "${key}"\n` +
    "Hint: Get the release again, and the key from where you trust it\n";
  await assertRefused(it, wrong(at("other.pub")), "--public-key", at("other.pub"));
  for (const name of ["SHA256SUMS", "SHA256SUMS.sig"]) {
    const file = `${release}/${name}`;
    const bytes = await Deno.readFile(file);
    await flip(file, 20);
    await assertRefused(it, wrong(at("ec.pub")), ...given);
    await Deno.writeFile(file, bytes);
  }
  await assertRefused(
    it,
    `Error: cannot read the public key "${folder}/none"\n`,
    "--public-key",
    `${folder}/none`,
  );
  const { status, stderr } = await it.install(...given);
  assertEquals([status, stderr.includes("Note:")], [0, false]);
  assertInstalled(prefix, "1.2.3");
});

async function makeKeyPair(folder: string, name: string): Promise<void> {
  const key = `${folder}/${name}.pem`;
  await openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key);
  await openssl("pkey", "-in", key, "-pubout", "-out", `${folder}/${name}.pub`);
}

async function flip(file: string, at: number): Promise<void> {
  const bytes = await Deno.readFile(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await Deno.writeFile(file, bytes);
}

inEachShell("a changed byte in archive or sums is refused", async (it) => {
  const { release } = it;
  await flip(`${release}/${ARCHIVE}`, 100);
  const damaged = new RegExp(
    `^Error: "${release}/${ARCHIVE}" is damaged: its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}\n` +
      "Hint: Get the release again\n$",
  );
  const refuse = async () => {
    const { status, stdout, stderr } = await it.install();
    assertEquals([status, stdout, exists(it.prefix)], [1, "", false]);
    return stderr.replace(UNSIGNED, "");
  };
  assertMatch(await refuse(), damaged);
  await flip(`${release}/${ARCHIVE}`, 100);
  const sums = `${release}/SHA256SUMS`;
  const good = await Deno.readTextFile(sums);
  const line = good.indexOf(ARCHIVE);
  // Another digit, then none, then another name.
  const digit = good[line - 3] === "0" ? "1" : "0";
  await Deno.writeTextFile(sums, `${good.slice(0, line - 3)}${digit}${good.slice(line - 2)}`);
  assertMatch(await refuse(), damaged);
  await Deno.writeTextFile(sums, `${good.slice(0, line - 3)}x${good.slice(line - 2)}`);
  assertEquals(await refuse(), `Error: "${sums}" is not well formed\n`);
  await Deno.writeTextFile(sums, good.replace(ARCHIVE, `x${ARCHIVE}`));
  assertEquals(await refuse(), `Error: "${release}" has no palette for ${HOST_TARGET}\n`);
  await Deno.remove(sums);
  assertEquals(
    await refuse(),
    `Error: cannot get "${sums}": no such file\nHint: Does --from name a release?\n`,
  );
});

inEachShell("nothing of an archive can be written outside of its folder", async (it) => {
  const { folder, release } = it;
  const top = `palette-1.2.3-${HOST_TARGET}`;
  const file = (name: string) => ({ header: { name, size: 1, mode: 0o644 }, body: "x" });
  const link = (type: "symlink" | "link", linkname: string) => [
    { header: { name: `${top}/share`, type, linkname, size: 0 } },
    file(`${top}/share/inside`),
  ];
  const evil: [string, Parameters<typeof writeRelease>[1]][] = [
    ["up", { entries: [file("../evil")] }],
    ["up from the folder", { entries: [file(`${top}/../../../evil`)] }],
    ["up as the last part", {
      entries: [{ header: { name: `${top}/..`, type: "directory", size: 0 } }],
    }],
    ["absolute", { entries: [file(`${folder}/evil`)] }],
    ["another folder", { entries: [file("palette-1.2.4/evil")] }],
    ["odd name", { entries: [file(`${top}/a b`)] }],
    ["name with a new line", { entries: [file(`${top}/a\nb`)] }],
    ["link", { entries: link("symlink", folder) }],
    ["hard link", { entries: link("link", `${top}/lib/deno`) }],
    ["hard link outside", { entries: link("link", INSTALLER) }],
    ["pipe", { entries: [{ header: { name: `${top}/pipe`, type: "fifo", size: 0 } }] }],
  ];
  for (const [name, options] of evil) {
    await writeRelease(release, options);
    const before = Object.keys(treeOf(folder));
    const { status, stdout, stderr } = await it.install();
    assertEquals([name, status, stdout], [name, 1, ""]);
    const [, error = "", hint, end] = stderr.split("\n");
    assertMatch(error, /^Error: the archive has a member that it must not have: ".+"$/, name);
    assertEquals([hint, end], [
      "Hint: It is not as it was built; do not use this release",
      "",
    ]);
    assertEquals(Object.keys(treeOf(folder)), before, name);
  }
});

inEachShell(
  "an archive that is not whole, or whose program does not run, is refused",
  async (it) => {
    const { release } = it;
    const cases: [Parameters<typeof writeRelease>[1], string][] = [
      [{ without: ["lib/deno"] }, `the archive has no "lib/deno"\nHint: Get another release`],
      [{ without: ["palette"] }, `the archive has no "palette"\nHint: Get another release`],
      [
        { files: { palette: "#!/bin/sh\necho no such loader >&2; exit 3\n" } },
        "palette 1.2.3 does not run here: no such loader",
      ],
      [
        { files: { palette: "#!/bin/sh\necho Palette CLI version: 1.2.4\n" } },
        `the archive holds palette "1.2.4", not 1.2.3\nHint: Get another release`,
      ],
    ];
    for (const [options, message] of cases) {
      await writeRelease(release, options);
      await assertRefused(it, `${UNSIGNED}Error: ${message}\n`);
    }
    await Deno.writeTextFile(`${release}/${ARCHIVE}`, "no archive");
    await writeSums(release);
    const { status, stderr } = await it.install();
    assertEquals([status, exists(it.prefix)], [1, false]);
    assertMatch(stderr, /^Note: .+\nError: cannot read ".+\.tar\.gz": .+\nHint: .+\n$/);
  },
);

inEachShell("of several versions one has to be chosen", async (it) => {
  const { release, prefix } = it;
  await writeRelease(release, { version: "1.3.0-rc.1" });
  await writeRelease(release, { version: "1.3.0", target: "windows-x64" });
  await assertRefused(
    it,
    `${UNSIGNED}Error: "${release}" has several versions for ${HOST_TARGET}: 1.2.3 1.3.0-rc.1\n` +
      "Hint: Choose one with --version\n",
  );
  await assertRefused(
    it,
    `${UNSIGNED}Error: "${release}" has no palette 1.3.0 for ${HOST_TARGET}\n`,
    "--version",
    "1.3.0",
  );
  assertEquals((await it.install("--version", "v1.3.0-rc.1")).status, 0);
  assertInstalled(prefix, "1.3.0-rc.1");
  assertEquals((await it.install("--version=1.2.3")).status, 0);
  assertInstalled(prefix, "1.2.3");
});

inEachShell("what others put there stays", async (it) => {
  const { prefix } = it;
  const completion = `${prefix}/share/bash-completion/completions/palette`;
  await Deno.mkdir(`${prefix}/share/bash-completion/completions`, { recursive: true });
  await Deno.writeTextFile(completion, "mine");
  assertStringIncludes(
    (await it.install()).stderr,
    `Note: "${completion}" was not installed by this script and stays\n`,
  );
  assertEquals(await Deno.readTextFile(completion), "mine");
  await it.uninstall();
  assertEquals(await Deno.readTextFile(completion), "mine");
  await Deno.mkdir(`${prefix}/bin`);
  for (
    const make of [
      () => Deno.writeTextFile(`${prefix}/bin/palette`, "other"),
      () => Deno.mkdir(`${prefix}/bin/palette`),
      () => Deno.symlink("/nowhere", `${prefix}/bin/palette`),
    ]
  ) {
    await make();
    const before = treeOf(prefix);
    assertEquals(await it.install(), {
      status: 1,
      stdout: "",
      stderr: `Error: "${prefix}/bin/palette" is there and was not installed by this script\n` +
        "Hint: Remove it, or choose another folder with --prefix\n",
    });
    assertEquals(treeOf(prefix), before);
    await Deno.remove(`${prefix}/bin/palette`);
  }
});

inEachShell("a manifest cannot name what lies outside", async (it) => {
  const { folder, prefix } = it;
  await it.install();
  await Deno.writeTextFile(`${folder}/precious`, "");
  await Deno.mkdir(`${folder}/empty`);
  const manifest = `${prefix}/lib/palette/manifest`;
  const lines = [
    ...["../precious", "bin/../../precious", `${folder}/precious`, "../empty/"],
    ...["lib/palette/1/../../../..-0123456789ab/", "lib/palette/../../../empty/", ""],
  ];
  await Deno.writeTextFile(manifest, lines.join("\n"), { append: true });
  assertEquals((await it.uninstall()).status, 0);
  assertEquals([exists(`${folder}/precious`), exists(`${folder}/empty`)], [true, true]);
  assertEquals(exists(prefix), false);
});

inShells(
  KINDS_BY_PATH,
  "platforms without a build are refused, others get their own",
  async (it) => {
    const { installer, release, prefix } = it;
    const uname = (system: string, machine: string) =>
      replaceTool(
        installer,
        "uname",
        `case $1 in -s) echo ${system} ;; -m) echo ${machine} ;; *) echo host ;; esac`,
      );
    for (const machine of ["i686", "armv7l", "riscv64"]) {
      await uname("Linux", machine);
      await assertRefused(
        it,
        `Error: there is no palette for linux on ${machine}\n` +
          "Hint: There is one for x86_64 and arm64\n",
      );
    }
    await uname("FreeBSD", "amd64");
    await assertRefused(
      it,
      "Error: there is no palette for FreeBSD\nHint: There is one for Linux, macOS and Windows\n",
    );
    await uname("MINGW64_NT-10.0", "x86_64");
    await assertRefused(
      it,
      "Error: this script does not install on Windows\n" +
        "Hint: Run scripts/install.ps1 in PowerShell\n",
    );
    await uname("Linux", Deno.build.arch);
    await replaceTool(installer, "ldd", 'echo "musl libc (x86_64)" >&2; exit 1');
    await assertRefused(
      it,
      "Error: palette does not run on musl (Alpine): it needs the GNU C library\n" +
        "Hint: Use a system with glibc, such as Debian, Ubuntu, Fedora or RHEL, or a container of " +
        "one\n",
    );
    // A Mac, whose shell may run under Rosetta.
    await uname("Darwin", "x86_64");
    await writeRelease(release, { target: "darwin-x64" });
    await writeRelease(release, { target: "darwin-arm64" });
    await replaceTool(installer, "sysctl", "echo 0");
    assertStringIncludes((await it.install()).stdout, "Installed palette 1.2.3 (darwin-x64): ");
    await replaceTool(installer, "sysctl", "echo 1");
    assertStringIncludes((await it.install()).stdout, "Installed palette 1.2.3 (darwin-arm64): ");
    assertInstalled(prefix, "1.2.3");
  },
);

inShells(
  KINDS_BY_PATH,
  "without sha256sum the checksum is that of shasum or openssl",
  async (it) => {
    const { installer, prefix } = it;
    await Deno.remove(`${installer.tools}/sha256sum`);
    await assertRefused(
      it,
      "Error: cannot check checksums: neither sha256sum nor shasum nor openssl is installed\n",
    );
    await addTools(installer, "openssl");
    assertEquals((await it.install()).status, 0);
    assertInstalled(prefix, "1.2.3");
    await Deno.remove(`${installer.tools}/openssl`);
    // That of macOS prints as sha256sum does.
    await replaceTool(installer, "shasum", '[ "$*" = "-a 256" ] && exec /usr/bin/sha256sum');
    await flip(`${it.release}/${ARCHIVE}`, 100);
    assertEquals((await it.install()).status, 1);
    await flip(`${it.release}/${ARCHIVE}`, 100);
    assertEquals((await it.install()).status, 0);
  },
);

inEachShell("bad usage is one line and a hint", async (it) => {
  const { installer, folder, release, prefix } = it;
  const hint = "Hint: See install.sh --help\n";
  const plain = "Hint: Use https, or take plain http knowingly with --allow-http\n";
  const cases: [string[], string][] = [
    [
      [],
      "Error: --from is missing\nHint: Give the folder or the https address that holds SHA256SUMS\n",
    ],
    [["--from"], `Error: option --from takes a value\n${hint}`],
    [["--from="], `Error: option --from is empty\n${hint}`],
    [["--prefix", ""], `Error: option --prefix is empty\n${hint}`],
    [["--force"], `Error: unknown option "--force"\n${hint}`],
    [["x"], `Error: unknown option "x"\n${hint}`],
    [["--from", "none"], `Error: cannot install from "${folder}/none": no such folder\n`],
    [["--from", release, "--version", "../x"], `Error: "../x" is no version\n`],
    [["--uninstall", "--from", release], "Error: --uninstall goes with --prefix alone\n"],
    [
      ["--from", "ftp://127.0.0.1/"],
      `Error: cannot install from "ftp://127.0.0.1/": neither a folder nor an https address\n`,
    ],
    [
      ["--from", "https://127.0.0.1/a?b"],
      `Error: cannot install from "https://127.0.0.1/a?b": an address without query and spaces is ` +
      "wanted\n",
    ],
    ...["http://example.com", "http://127.0.0.1.example.com", "http://localhost:80@example.com"]
      .map(
        (from): [string[], string] => [
          ["--from", from],
          `Error: cannot install from "${from}": plain http\n${plain}`,
        ],
      ),
  ];
  for (const [args, stderr] of cases) {
    const [program = "", ...first] = installer.shell;
    const { code, stdout, stderr: said } = await new Deno.Command(program, {
      args: [
        ...first,
        INSTALLER,
        ...(args.includes("--prefix") ? [] : ["--prefix", prefix]),
        ...args,
      ],
      clearEnv: true,
      env: { PATH: installer.tools },
      cwd: folder,
      stdin: "null",
    }).output();
    assertEquals([args, code, decode(stdout), decode(said)], [args, 1, "", stderr]);
  }
  assertEquals(await runInstaller(installer, ["--from", release], { HOME: "" }), {
    status: 1,
    stdout: "",
    stderr: "Error: HOME is not set\nHint: Choose a folder with --prefix\n",
  });
  assertEquals(exists(prefix), false);
});

Deno.test({
  name: "busybox: a system with musl is refused by what is in /lib (needs chroot and root)",
  ignore: !hasInstallers || !hasProgram("chroot") || Deno.uid() !== 0 ||
    Deno.build.arch !== "x86_64",
  fn: () =>
    inTempFolder(async (root) => {
      for (const path of ["bin", "lib", "lib64", "release"]) await Deno.mkdir(`${root}/${path}`);
      const busybox = programPath("busybox");
      const binary = await Deno.readFile(busybox);
      const loader = indexOf(binary, new TextEncoder().encode("ld-linux-x86-64"));
      if (loader !== -1) {
        // Not a static one: it gets its loader under another name, as palette must not find it.
        binary.set(new TextEncoder().encode("ld-other-x86-64"), loader);
        await Deno.copyFile("/lib64/ld-linux-x86-64.so.2", `${root}/lib64/ld-other-x86-64.so.2`);
        const libraries = (await runProgram("ldd", [busybox])).stdout.matchAll(/=> (\/\S+)/g);
        for (const [, path = ""] of libraries) {
          await Deno.copyFile(path, `${root}/lib/${path.split("/").at(-1)}`);
        }
      }
      await Deno.writeFile(`${root}/bin/busybox`, binary, { mode: 0o755 });
      for (const applet of ["sh", "uname", "tr", "ls"]) {
        await Deno.symlink("busybox", `${root}/bin/${applet}`);
      }
      await Deno.copyFile(INSTALLER, `${root}/install.sh`);
      await writeRelease(`${root}/release`);
      const install = async () => {
        const args = [root, "/bin/sh", "/install.sh", "--from", "/release", "--prefix", "/p"];
        return await runProgram("chroot", args, { LD_LIBRARY_PATH: "/lib" });
      };
      const hint = "Hint: Use a system with glibc, such as Debian, Ubuntu, Fedora or RHEL, or a " +
        "container of one\n";
      assertEquals(await install(), {
        status: 1,
        stdout: "",
        stderr:
          'Error: palette needs the GNU C library, and "/lib64/ld-linux-x86-64.so.2" is not ' +
          `there\n${hint}`,
      });
      await Deno.writeTextFile(`${root}/lib/ld-musl-x86_64.so.1`, "");
      assertEquals(await install(), {
        status: 1,
        stdout: "",
        stderr: "Error: palette does not run on musl (Alpine): it needs the GNU C library\n" + hint,
      });
      assertEquals(exists(`${root}/p`), false);
    }),
});

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  for (let at = 0; at + part.length <= bytes.length; at++) {
    if (part.every((byte, offset) => bytes[at + offset] === byte)) return at;
  }
  return -1;
}

Deno.test({
  name: "shellcheck finds nothing in the installer (needs shellcheck)",
  ignore: !hasProgram("shellcheck"),
  async fn() {
    const result = await runProgram("shellcheck", ["--shell=sh", INSTALLER]);
    assertEquals(result, { status: 0, stdout: "", stderr: "" });
  },
});
