import { assertEquals } from "@std/assert";
import { assertInstalled, exists, inShells } from "../support/installation.ts";
import { hasInstallers, INSTALLER, startInstaller, treeOf } from "../support/installer.ts";
import { hasProgram, runProgram } from "../support/programs.ts";
import { writeRelease } from "../support/release_files.ts";
import { noise } from "../support/sample_bundle.ts";
import { inTempFolder } from "../support/temp_folder.ts";

/** At how many moments a run is stopped; what busybox does differs little, and takes long. */
const STOPS = [
  ["SIGKILL", "dash with curl", 12],
  ["SIGTERM", "dash with curl", 12],
  ["SIGKILL", "busybox", 6],
  ["SIGTERM", "busybox", 6],
] as const;

/** What runs now; empty for nothing. */
async function installedVersion(prefix: string): Promise<string> {
  if (!exists(`${prefix}/bin/palette`)) return "";
  const { status, stdout } = await runProgram(`${prefix}/bin/palette`, ["version"]);
  return status === 0 ? stdout.trim().split(" ").at(-1) ?? "" : `broken: ${status}`;
}

for (const [signal, kind, rounds] of STOPS) {
  inShells(
    [kind],
    `${signal} at ${rounds} moments leaves the old version or the new one, whole`,
    async ({ installer, folder, release, prefix, install, uninstall }) => {
      await writeRelease(`${folder}/old`, { version: "1.2.2" });
      const started = performance.now();
      await install();
      const wholeMs = performance.now() - started;
      for (let round = 0; round < rounds; round++) {
        // Every second one starts with nothing in place.
        const before = round % 2 === 0 ? "" : "1.2.2";
        await uninstall();
        if (before !== "") await install("--from", `${folder}/old`);
        const child = startInstaller(installer, ["--from", release, "--prefix", prefix]);
        await new Promise((resolve) => setTimeout(resolve, wholeMs * round / rounds));
        try {
          child.kill(signal);
        } catch {
          // Done already.
        }
        const { code } = await child.output();
        const version = await installedVersion(prefix);
        assertEquals([before, "1.2.3"].includes(version), true, `round ${round}: ${version}`);
        if (signal === "SIGTERM" && code === 143) {
          assertEquals(version, before);
          if (before === "") assertEquals(exists(prefix), false);
          else assertInstalled(prefix, before);
        }
        // A killed run is swept by the next one.
        assertEquals((await install()).status, 0);
        assertInstalled(prefix, "1.2.3");
      }
      await uninstall();
      // Folders of killed runs may stay, empty.
      const left = exists(prefix) ? Object.keys(treeOf(prefix)) : [];
      assertEquals(left.filter((path) => !path.endsWith("/")), []);
    },
  );
}

inShells(["dash with curl", "busybox"], "a killed first run can be uninstalled", async (it) => {
  const { installer, release, prefix, uninstall } = it;
  // As if it were killed between the manifest and the last rename.
  await it.install();
  await Deno.rename(`${prefix}/bin/palette`, `${prefix}/bin/.palette-new.999999999.x.palette`);
  await Deno.remove(`${prefix}/bin/.palette-new.999999999.x.palette`);
  assertEquals((await uninstall()).status, 0);
  assertEquals(exists(prefix), false);
  const child = startInstaller(installer, ["--from", release, "--prefix", prefix]);
  await child.output();
  assertInstalled(prefix, "1.2.3");
});

const canMount = hasInstallers && hasProgram("unshare") &&
  new Deno.Command("unshare", { args: ["-m", "true"], stderr: "null" }).outputSync().success;

const FULL = "No space left on device\n";

interface FullDisk {
  name: string;
  /** Folder below the prefix that is small, and its size. */
  folder: string;
  size: string;
  /** Filled before. */
  isFull: boolean;
  /** Of what the error is about. */
  error: RegExp;
  hint: string;
}

const WRITING = "Hint: Is there space, and may you write there?\n";

const DISKS: FullDisk[] = [
  {
    ...{ name: "for the archive", folder: "lib", size: "400k", isFull: false },
    error: /cannot get "\/.+\.tar\.gz": /,
    hint: "Hint: Is the release all there, and is there space?\n",
  },
  {
    ...{ name: "for what is in it", folder: "lib", size: "1200k", isFull: false },
    error: /cannot unpack "\/.+": /,
    hint: WRITING,
  },
  {
    ...{ name: "for the manual", folder: "share", size: "64k", isFull: true },
    error: /cannot (create|write) "\/.+": /,
    hint: WRITING,
  },
  {
    ...{ name: "for the wrapper", folder: "bin", size: "64k", isFull: true },
    error: /cannot write "\/.+bin\/palette": /,
    hint: WRITING,
  },
];

for (const shell of ["dash", "busybox sh"]) {
  for (const { name, folder, size, isFull, error, hint } of DISKS) {
    for (const isUpgrade of [false, true]) {
      Deno.test({
        name: `${shell}: a disk that is full ${name} leaves ${
          isUpgrade ? "the old version" : "nothing"
        } (needs busybox, dash, unshare and root)`,
        ignore: !canMount,
        fn: () =>
          inTempFolder(async (root) => {
            await writeRelease(`${root}/old`, { version: "1.2.2" });
            await writeRelease(`${root}/new`, { files: { "lib/deno": noise(700_000, 1) } });
            const { status, stdout, stderr } = await runProgram("unshare", [
              "-m",
              "sh",
              "-euc",
              `
                root=$1 installer=$2 shell="$3" folder=$4 size=$5 full=$6 upgrade=$7
                prefix=$root/prefix
                mkdir -p "$prefix/$folder"
                mount -t tmpfs -o "size=$size,mode=755" tmpfs "$prefix/$folder"
                if "$upgrade"; then
                  $shell "$installer" --from "$root/old" --prefix "$prefix" >/dev/null 2>&1
                fi
                ${
                isFull
                  ? 'dd if=/dev/zero of="$prefix/$folder/fill" bs=512 >/dev/null 2>&1 || :'
                  : ""
              }
                (cd "$prefix" && find . | sort) >"$root/before"
                status=0
                $shell "$installer" --from "$root/new" --prefix "$prefix" 2>&1 || status=$?
                echo "status $status"
                (cd "$prefix" && find . | sort) >"$root/after"
                cmp "$root/before" "$root/after"
                if "$upgrade"; then "$prefix/bin/palette" version; fi
              `,
              "sh",
              root,
              INSTALLER,
              shell,
              folder,
              size,
              String(isFull),
              String(isUpgrade),
            ]);
            assertEquals([status, stderr], [0, ""], stdout);
            const lines = stdout.split("\n");
            const [failure = "", ...rest] = lines.slice(
              lines.findIndex((line) => /^Error/.test(line)),
            );
            assertEquals(error.test(failure), true, stdout);
            assertEquals(
              [`${failure.split(": ").at(-1)}`, ...rest].join("\n"),
              `${FULL}${hint}status 1\n${isUpgrade ? "Palette CLI version: 1.2.2\n" : ""}`,
            );
          }),
      });
    }
  }
}
