import { UserError } from "../../errors.ts";
import { planRekey, type RekeyParts, type RekeyPlan, rekeyText } from "../../config/rekey.ts";
import { hasJournal, resumeAll, type Rewrite, rewriteAll } from "../../config/rekey_journal.ts";
import { SecretFile } from "../../config/secret_file.ts";
import { namedSecretFile, workspaceSecretFiles } from "../../config/workspace_files.ts";
import { formatTable } from "../../output/table.ts";
import {
  DEFAULT_ITERATIONS,
  MAX_ITERATIONS,
  MIN_WRITTEN_ITERATIONS,
} from "../../secrets/encryption_block.ts";
import { NEW_PASSPHRASE } from "../../secrets/passphrase_source.ts";
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
    const rekeyParts = await rekeyPartsOf(options, iterations, context);
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
  const choice = next.freshSalt(iterations);
  return { old: await context.keyring(), next, choice, files: context.runtime.files };
}

/** @throws {UserError} `usage` */
function parseIterations(text: string | undefined): number {
  if (text === undefined) return DEFAULT_ITERATIONS;
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
  const store = await context.store();
  if (all) return await workspaceSecretFiles(workspace, { store, files: runtime.files });
  const path = configFile ?? workspace.configFile;
  const file = await namedSecretFile(path, workspace, store);
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
  await (await context.store()).update(path, async (current) => {
    // Read again under the lock: somebody may have written in between.
    return await rekeyText(
      planRekey(await SecretFile.parse(path, current?.text ?? null, kind)),
      parts,
    );
  });
}

async function rekeyAll(
  work: RekeyPlan[],
  parts: RekeyParts,
  context: CommandContext,
): Promise<void> {
  const { runtime, workspace } = context;
  const store = await context.store();
  await store.locked(work.map(({ file }) => file.path), async () => {
    const rewrites: Rewrite[] = [];
    for (const { file } of work) {
      const stored = await store.read(file.path);
      if (stored === null) continue;
      const current = await SecretFile.parse(file.path, stored.text, file.kind);
      const after = await rekeyText(planRekey(current), parts);
      rewrites.push({ path: stored.path, before: stored.text, after });
    }
    await rewriteAll(rewrites, { store, files: runtime.files, workspace });
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
