import { UserError } from "../../errors.ts";
import { parsePointer } from "../../yaml/pointer.ts";
import { bindingOf } from "../../config/secret_access.ts";
import { secretFieldAt, secretPointers } from "../../config/secret_kinds.ts";
import { sanitizeLine } from "../../output/sanitize.ts";
import { Secret } from "../../secrets/secret.ts";
import type { CommandContext } from "../context.ts";
import { writeConfig } from "../write_config.ts";

export interface SetSecretOptions {
  /** JSON Pointer of the field. */
  pointer: string;
  /** Blank it. */
  clear: boolean;
}

/** Writes one secret of the main configuration, encrypted. */
export async function setSecret(
  { pointer, clear }: SetSecretOptions,
  context: CommandContext,
): Promise<void> {
  const path = parsePointer(pointer);
  if (path === null || secretFieldAt("palette", path) === undefined) {
    throw new UserError("usage", `No secret is kept at "${pointer}"`, {
      hint: `Give one of ${secretPointers("palette").join(", ")}`,
    });
  }
  // A file that cannot take the secret is refused before anything is asked.
  const file = await context.paletteFile();
  if (!clear) await bindingOf(file, path, context.runtime.files);
  const value = clear ? "" : await readValue(pointer, context);
  const secrets = [{ path, value: value === "" ? "" as const : new Secret(value) }];
  await writeConfig(() => ({ secrets }), { unreadable: "refuse" }, context);
  const { configFile } = context.workspace;
  await context.printer.result({
    document: () => ({ configFile, pointer, set: value !== "" }),
    text: () =>
      `${value === "" ? "Blanked" : "Encrypted"} ${pointer} in ${sanitizeLine(configFile)}\n`,
  });
}

async function readValue(pointer: string, context: CommandContext): Promise<string> {
  const { prompter, runtime, redactor } = context;
  if (prompter === null && runtime.streams.stdin.isTerminal) {
    throw new UserError("usage", "The value is required when not running interactively", {
      hint: "Pipe it into standard input",
    });
  }
  const value = prompter === null
    ? await (await context.secretInput()).fromStdin("The value")
    : await prompter.secret({ label: `Value of ${pointer}` });
  redactor.add(value);
  if (value !== "") return value;
  throw new UserError("usage", "The value is empty", { hint: "Pass --clear to blank the secret" });
}
