import { UserError } from "../../errors.ts";
import { Secret } from "../../secrets/secret.ts";
import type { CommandContext } from "../context.ts";

const VARIABLE = "PALETTE_SIGNING_KEY_PASSPHRASE";

/**
 * The passphrase of an encrypted signing key: from the environment, else from a question. Called
 * only for a key that is encrypted.
 * @throws {UserError} `passphrase-missing` when nobody can be asked.
 */
export async function signingPassphrase(context: CommandContext): Promise<Secret> {
  const { prompter, redactor, runtime } = context;
  const given = runtime.env.get(VARIABLE);
  if (given === undefined && prompter === null) {
    throw new UserError("passphrase-missing", "The passphrase of the signing key is missing", {
      hint: `Set ${VARIABLE}`,
    });
  }
  const text = given ?? await prompter?.secret({ label: "Passphrase of the signing key" }) ?? "";
  redactor.add(text);
  return new Secret(text);
}
