/** Looks at a finished release as its users will. */

import { verify } from "node:crypto";
import { UserError } from "../../lib/errors.ts";
import { sha256Of } from "../checksums.ts";
import { runProgram } from "./run_program.ts";

const SUMS = "SHA256SUMS";
const SIGNATURE = `${SUMS}.sig`;

/** What a release has to be. */
export interface ReleaseFacts {
  version: string;
  /** Full name of the commit. */
  commit: string;
  targets: readonly string[];
  /** Of the key that it is signed with (PEM); null for none. */
  publicKey: string | null;
  /** `scripts/install.sh` of that commit. */
  installer: string;
  /** This machine's own target; null when the installer does not run here. */
  host: string | null;
}

/**
 * Checks that all files are there and no others, the sums and their signature; installs the archive
 * of this machine and asks it what it is.
 * @throws {UserError} `checks-failed` that says what is wrong.
 */
export async function verifyRelease(folder: string, facts: ReleaseFacts): Promise<void> {
  await checkNames(folder, facts);
  await checkSums(folder);
  if (facts.publicKey !== null) await checkSignature(folder, facts.publicKey);
  if (facts.host !== null && facts.targets.includes(facts.host)) await tryOut(folder, facts);
}

function failed(reason: string): UserError {
  return new UserError("checks-failed", `The release is not as it should be: ${reason}`);
}

async function checkNames(
  folder: string,
  { version, targets, publicKey }: ReleaseFacts,
): Promise<void> {
  const wanted = targets.flatMap((target) => {
    const name = `palette-${version}-${target}`;
    return [`${name}.${target.startsWith("windows-") ? "zip" : "tar.gz"}`, `${name}.cdx.json`];
  });
  wanted.push(SUMS, ...(publicKey === null ? [] : [SIGNATURE]));
  const found = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  const missing = wanted.filter((name) => !found.includes(name));
  if (missing.length > 0) throw failed(`"${missing[0]}" is missing`);
  const strange = found.filter((name) => !wanted.includes(name));
  if (strange.length > 0) throw failed(`"${strange[0]}" does not belong to it`);
}

async function checkSums(folder: string): Promise<void> {
  const lines = (await Deno.readTextFile(`${folder}/${SUMS}`)).trimEnd().split("\n");
  const sums = new Map(lines.map((line): [string, string] => [line.slice(66), line.slice(0, 64)]));
  for await (const { name } of Deno.readDir(folder)) {
    if (name === SUMS || name === SIGNATURE) continue;
    if (sums.get(name) !== await sha256Of(`${folder}/${name}`)) {
      throw failed(`the sum of "${name}" differs`);
    }
    sums.delete(name);
  }
  for (const name of sums.keys()) throw failed(`"${SUMS}" names "${name}", which is not there`);
}

async function checkSignature(folder: string, publicKey: string): Promise<void> {
  const sums = await Deno.readFile(`${folder}/${SUMS}`);
  if (!verify("sha256", sums, publicKey, await Deno.readFile(`${folder}/${SIGNATURE}`))) {
    throw failed(`the signature of "${SUMS}" is not one of the key`);
  }
}

/** Installs the release and runs it. */
async function tryOut(
  folder: string,
  { version, commit, installer, publicKey }: ReleaseFacts,
): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "palette-try-" });
  try {
    const options = { cwd: home, env: { HOME: home, PALETTE_WORKSPACE: `${home}/.palette` } };
    const args = [installer, "--from", folder, "--prefix", `${home}/prefix`];
    // The installer checks signatures with openssl alone.
    if (publicKey !== null && await hasOpenssl(home)) {
      await Deno.writeTextFile(`${home}/public.pem`, publicKey);
      args.push("--public-key", `${home}/public.pem`);
    }
    const installed = await runProgram("sh", args, options);
    if (!installed.success) {
      throw failed(`it cannot be installed: ${installed.stderr.trim().split("\n").join(" ")}`);
    }
    const program = `${home}/prefix/bin/palette`;
    const { success, stdout, stderr } = await runProgram(
      program,
      ["version", "--format", "json"],
      options,
    );
    if (!success) throw failed(`it does not run: ${stderr.trim()}`);
    const said = parse(stdout);
    if (said.version !== version) throw failed(`it calls itself version "${said.version}"`);
    if (typeof said.commit !== "string" || said.commit === "" || !commit.startsWith(said.commit)) {
      throw failed(`it calls itself built from commit "${said.commit}", not "${commit}"`);
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function hasOpenssl(cwd: string): Promise<boolean> {
  return await runProgram("openssl", ["version"], { cwd }).then(
    ({ success }) => success,
    () => false,
  );
}

function parse(text: string): { version?: unknown; commit?: unknown } {
  try {
    return JSON.parse(text) as { version?: unknown; commit?: unknown };
  } catch {
    throw failed("it does not say what it is");
  }
}
