/** Installations of stand-in releases, and what has to be there after them. */

import { assertEquals, assertMatch } from "@std/assert";
import {
  hasInstallers,
  type Installer,
  type InstallerKind,
  makeInstaller,
  runInstaller,
  treeOf,
} from "./installer.ts";
import { standInFiles, writeRelease } from "./release_files.ts";
import { inTempFolder, namesIn } from "./temp_folder.ts";

const text = (content: string | Uint8Array = "") =>
  typeof content === "string" ? content : new TextDecoder().decode(content);

/** A shell, a release of version 1.2.3 and a prefix with a space and a quote. */
export interface Setting {
  installer: Installer;
  folder: string;
  release: string;
  prefix: string;
  install: (...args: string[]) => ReturnType<typeof runInstaller>;
  uninstall: () => ReturnType<typeof runInstaller>;
}

/** A test with each of some shells. */
export function inShells(
  kinds: InstallerKind[],
  name: string,
  work: (setting: Setting) => Promise<void>,
): void {
  for (const kind of kinds) {
    Deno.test({
      name: `${kind}: ${name} (needs busybox, curl, dash and wget)`,
      ignore: !hasInstallers,
      fn: () =>
        inTempFolder(async (folder) => {
          const installer = await makeInstaller(kind, `${folder}/tools`);
          const release = `${folder}/a release`;
          const prefix = `${folder}/pre fix's`;
          await writeRelease(release);
          await work({
            ...{ installer, folder, release, prefix },
            install: (...args) =>
              runInstaller(installer, ["--from", release, "--prefix", prefix, ...args]),
            uninstall: () => runInstaller(installer, ["--uninstall", "--prefix", prefix]),
          });
        }),
    });
  }
}

/** A test of what has nothing to do with downloads. */
export function inEachShell(name: string, work: (setting: Setting) => Promise<void>): void {
  inShells(["dash with curl", "busybox"], name, work);
}

/** An installation that has to fail and to leave nothing. */
export async function assertRefused(
  { install, prefix }: Setting,
  stderr: string,
  ...args: string[]
): Promise<void> {
  assertEquals(await install(...args), { status: 1, stdout: "", stderr });
  assertEquals(exists(prefix), false);
}

/** Whether something is there, be it a link to nothing. */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Files of an installation of stand-ins, without manifest. */
function installedFiles(version: string, id: string): Record<string, string> {
  const files = standInFiles(version);
  const page = (path: string) => text(files[path]);
  return {
    ...Object.fromEntries(
      Object.entries(files).map(([path, body]) => [`lib/palette/${id}/${path}`, text(body)]),
    ),
    "share/bash-completion/completions/palette": page("completions/palette.bash"),
    "share/fish/vendor_completions.d/palette.fish": page("completions/palette.fish"),
    "share/man/man1/palette-login.1": page("man/man1/palette-login.1"),
    "share/man/man1/palette.1": page("man/man1/palette.1"),
    "share/zsh/site-functions/_palette": page("completions/_palette"),
  };
}

/** Checks that a version is all there, and that nothing else is; gives the name of its folder. */
export function assertInstalled(prefix: string, version: string): string {
  const tree = treeOf(prefix);
  const [id = ""] = namesIn(`${prefix}/lib/palette`);
  assertMatch(id, new RegExp(`^${version.replaceAll(".", "\\.")}-[0-9a-f]{12}$`));
  const files = Object.entries(tree).filter(([path]) =>
    !path.endsWith("/") && path !== "bin/palette" && path !== "lib/palette/manifest"
  );
  assertEquals(Object.fromEntries(files), installedFiles(version, id));
  assertMatch(tree["lib/palette/manifest"] ?? "", new RegExp(`^# palette ${version}\n`));
  assertEquals(namesIn(`${prefix}/bin`), ["palette"]);
  return id;
}
