import { UserError } from "../../errors.ts";
import { planRekey, type RekeyParts, type RekeyPlan, rekeyText } from "../../config/rekey.ts";
import { hasJournal, resumeAll, type Rewrite, rewriteAll } from "../../config/rekey_journal.ts";
import { SecretFile } from "../../config/secret_file.ts";
import { stampVersion } from "../../config/version_stamp.ts";
import { namedSecretFile, workspaceSecretFiles } from "../../config/workspace_files.ts";
import { formatTable } from "../../output/table.ts";
import {
  DEFAULT_ITERATIONS,
  MAX_ITERATIONS,
  MIN_WRITTEN_ITERATIONS,
} from "../../secrets/encryption_block.ts";
import { NEW_PASSPHRASE, refuseMissing } from "../../secrets/passphrase_source.ts";
import type { CommandContext } from "../context.ts";

export interface RekeyOptions {
  configFile?: string | undefined;
  all: boolean;
  iterations?: string | undefined;
  dryRun: boolean;
  resume: boolean;
  newPassphraseFile?: string | undefined;
  newPassphraseCommand?: string | undefined;
}

/** Encrypts one file, or all of the workspace, under a new passphrase. */
export async function rekey(options: RekeyOptions, context: CommandContext): Promise<void> {
  const iterations = parseIterations(options.iterations);
  const parts = {
    store: await context.store(),
    files: context.runtime.files,
    workspace: context.workspace,
  };
  if (options.resume) return await resume(context);
  if (await hasJournal(parts)) {
    throw new UserError("conflict", "An earlier rekey of the workspace was interrupted", {
      hint: "Run palette config rekey --resume",
    });
  }
  const plans = (await filesToRekey(options, context)).map(planRekey);
  const work = plans.filter(({ tokens }) => tokens.length > 0);
  if (plans.length > 0) await context.useWorkspace();
  if (!options.dryRun && work.length > 0) {
    const rekeyParts = await rekeyPartsOf(options, iterations ?? costOf(work), context);
    if (options.all) await rekeyAll(work, rekeyParts, context);
    else for (const { file } of work) await rekeyOne(file, rekeyParts, context);
  }
  for (const { file, plaintext } of plans) {
    for (const pointer of plaintext) {
      context.printer.notice(`${pointer} in "${file.path}" is not encrypted by us and stays`);
    }
  }
  await tell(work, options.dryRun, context);
}

async function rekeyPartsOf(
  { newPassphraseFile, newPassphraseCommand }: RekeyOptions,
  iterations: number,
  context: CommandContext,
): Promise<RekeyParts> {
  const next = await context.keyringOf(NEW_PASSPHRASE, {
    file: newPassphraseFile,
    command: newPassphraseCommand,
  });
  const old = await context.keyring();
  await refuseMissing([old.source, next.source]);
  return { old, next, choice: next.freshSalt(iterations), files: context.runtime.files };
}

/** What the files cost now, and never less than what is written by default. */
function costOf(plans: RekeyPlan[]): number {
  return Math.max(DEFAULT_ITERATIONS, ...plans.map(({ file }) => file.block()?.iterations ?? 0));
}

/** @throws {UserError} `usage` */
function parseIterations(text: string | undefined): number | null {
  if (text === undefined) return null;
  const count = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (count >= MIN_WRITTEN_ITERATIONS && count <= MAX_ITERATIONS) return count;
  throw new UserError(
    "usage",
    `--iterations must be a number from ${MIN_WRITTEN_ITERATIONS} to ${MAX_ITERATIONS}, not "${text}"`,
  );
}

async function filesToRekey(
  { all, configFile }: RekeyOptions,
  context: CommandContext,
): Promise<SecretFile[]> {
  const { runtime, workspace } = context;
  const parts = { store: await context.store(), files: runtime.files };
  if (all) {
    const { secretFiles, strays } = await workspaceSecretFiles(workspace, parts);
    if (strays.length === 0) return secretFiles;
    // Left out, it would keep values under the old passphrase that nobody thinks of.
    throw new UserError("validation", strays.map(({ problem }) => problem).join("; "), {
      hint: "Move it out of the workspace, then run palette config rekey --all again",
    });
  }
  const path = configFile ?? workspace.configFile;
  const file = await namedSecretFile(path, workspace, parts);
  if (file !== null) return [file];
  throw new UserError("io", `Cannot read "${path}": no such file or folder`, {
    hint: configFile === undefined
      ? "Run palette login first"
      : "Check the path given to --config-file",
  });
}

async function rekeyOne(
  { path, kind }: SecretFile,
  parts: RekeyParts,
  context: CommandContext,
): Promise<void> {
  const { runtime: { files }, workspace } = context;
  const store = await context.store();
  await store.change([path], async ([current]) => {
    if (!current) return null;
    const text = await rekeyText(
      planRekey(await SecretFile.parse(path, current.text, kind)),
      parts,
    );
    return async () => {
      await store.replace(current.path, text);
      await stampVersion([path], workspace, { store, files });
    };
  });
}

async function rekeyAll(
  work: RekeyPlan[],
  parts: RekeyParts,
  context: CommandContext,
): Promise<void> {
  const { runtime: { files }, workspace } = context;
  const store = await context.store();
  await store.change(work.map(({ file }) => file.path), async (current) => {
    const rewrites: Rewrite[] = [];
    for (const [at, { file: { path, kind } }] of work.entries()) {
      const stored = current[at];
      if (!stored) continue;
      const file = await SecretFile.parse(path, stored.text, kind);
      const after = await rekeyText(planRekey(file), parts);
      rewrites.push({ path: stored.path, before: stored.text, after });
    }
    return () => rewriteAll(rewrites, { store, files, workspace });
  });
}

async function resume(context: CommandContext): Promise<void> {
  const { runtime, workspace, printer } = context;
  const resumed = await resumeAll({
    store: await context.store(),
    files: runtime.files,
    workspace,
  });
  if (resumed !== null && resumed.changed.length > 0) {
    throw new UserError(
      "conflict",
      `Changed since the rekey, and left as they are: ${resumed.changed.join(", ")}`,
      { hint: "Run palette config rekey --config-file FILE for each, with its old passphrase" },
    );
  }
  await printer.result({
    document: () => ({ resumed: resumed !== null, files: resumed?.done ?? [] }),
    text: () =>
      resumed === null
        ? "There is no interrupted rekey\n"
        : formatTable(["FILE", "STATUS"], resumed.done.map((path) => [path, "rekeyed"])),
  });
}

async function tell(
  work: RekeyPlan[],
  dryRun: boolean,
  { printer }: CommandContext,
): Promise<void> {
  const files = work.map(({ file, tokens }) => ({ path: file.path, values: tokens.length }));
  if (files.length === 0) printer.notice("there is no encrypted value");
  await printer.result({
    document: () => ({ dryRun, files }),
    text: () =>
      formatTable(
        ["FILE", "VALUES", "STATUS"],
        files.map(({ path, values }) => [path, String(values), dryRun ? "to do" : "rekeyed"]),
      ),
  });
}
