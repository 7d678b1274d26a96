/** Runs scripts/install.sh in several shells, with few programs within reach. */

import { hasProgram, type ProgramResult, runProgram } from "./programs.ts";

export const INSTALLER = decodeURIComponent(
  new URL("../../scripts/install.sh", import.meta.url).pathname,
);

/** What the installer may need beside a shell. */
const TOOLS = [
  ...["cat", "chmod", "cmp", "cp", "find", "grep", "gzip", "kill", "ldd", "ln", "mkdir", "mv"],
  ...["rm", "rmdir", "sed", "sh", "sha256sum", "sort", "tail", "tar", "tr", "true", "uname"],
];

/** A shell and the only folder on its PATH. */
export interface Installer {
  name: string;
  /** Of its PATH, to which tests add programs or take some away. */
  tools: string;
  /** Program and first arguments. */
  shell: string[];
}

export type InstallerKind = "dash with curl" | "dash with wget" | "busybox";

export const KINDS: InstallerKind[] = ["dash with curl", "dash with wget", "busybox"];

/** Whether all that the installers need is on this machine. */
export const hasInstallers = Deno.build.os === "linux" &&
  ["busybox", "curl", "dash", "wget"].every(hasProgram);

/** Makes the folder of programs of an installer. */
export async function makeInstaller(kind: InstallerKind, tools: string): Promise<Installer> {
  await Deno.mkdir(tools);
  if (kind === "busybox") {
    const busybox = programPath("busybox");
    const { stdout } = await runProgram(busybox, ["--list"]);
    for (const applet of stdout.trim().split("\n")) {
      await Deno.symlink(busybox, `${tools}/${applet}`);
    }
    return { name: kind, tools, shell: [busybox, "sh"] };
  }
  for (const tool of [...TOOLS, kind === "dash with curl" ? "curl" : "wget"]) {
    await Deno.symlink(programPath(tool), `${tools}/${tool}`);
  }
  return { name: kind, tools, shell: [programPath("dash")] };
}

/** Puts programs of this machine within an installer's reach. */
export async function addTools({ tools }: Installer, ...names: string[]): Promise<void> {
  for (const name of names) await Deno.symlink(programPath(name), `${tools}/${name}`);
}

/** Whether a shell of busybox looks for programs in itself first; Debian's static one does. */
export const prefersApplets = hasInstallers &&
  new Deno.Command(programPath("busybox"), {
    args: ["sh", "-c", "uname"],
    env: { PATH: "/nonexistent" },
    stdout: "null",
    stderr: "null",
  }).outputSync().success;

/** Shells that take programs from PATH alone, so that a test can replace them. */
export const KINDS_BY_PATH = KINDS.filter((kind) => kind !== "busybox" || !prefersApplets);

/** Puts a shell script in the place of a program. */
export async function replaceTool(
  { tools }: Installer,
  name: string,
  script: string,
): Promise<void> {
  await Deno.remove(`${tools}/${name}`).catch(() => {});
  await Deno.writeTextFile(`${tools}/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

export async function runInstaller(
  { shell: [program = "", ...first], tools }: Installer,
  args: string[],
  env: Record<string, string> = {},
): Promise<ProgramResult> {
  return await runProgram(program, [...first, INSTALLER, ...args], { PATH: tools, ...env });
}

/** Starts an installer; the caller stops it. */
export function startInstaller(
  { shell: [program = "", ...first], tools }: Installer,
  args: string[],
): Deno.ChildProcess {
  return new Deno.Command(program, {
    args: [...first, INSTALLER, ...args],
    clearEnv: true,
    env: { PATH: tools, HOME: "/nonexistent" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Where a program of this machine is. */
export function programPath(name: string): string {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      if (Deno.statSync(`${folder}/${name}`).isFile) return `${folder}/${name}`;
    } catch {
      // Not here.
    }
  }
  throw new Error(`${name} is not on PATH`);
}

/** Everything below a folder by path: contents of files, `->` targets of links, `/` for folders. */
export function treeOf(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (path: string) => {
    for (const entry of Deno.readDirSync(`${folder}/${path}`)) {
      const below = `${path}${entry.name}`;
      if (entry.isDirectory) {
        found[`${below}/`] = "/";
        visit(`${below}/`);
      } else if (entry.isSymlink) found[below] = `-> ${Deno.readLinkSync(`${folder}/${below}`)}`;
      else found[below] = new TextDecoder().decode(Deno.readFileSync(`${folder}/${below}`));
    }
  };
  visit("");
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => a < b ? -1 : 1));
}
