import { UserError } from "../../errors.ts";
import type { PassphraseVariable } from "../../content/signing/signing_key.ts";
import { Secret } from "../../secrets/secret.ts";
import type { CommandContext } from "../context.ts";

/**
 * The passphrase of an encrypted signing key: from the environment, else from a question. Called
 * only for a key that is encrypted.
 * @param variables Looked at in their order.
 * @throws {UserError} `passphrase-missing` when nobody can be asked.
 */
export async function signingPassphrase(
  variables: readonly PassphraseVariable[],
  context: CommandContext,
): Promise<Secret> {
  const { prompter, redactor, runtime: { env } } = context;
  // To cosign an empty variable is an empty passphrase.
  const given = variables
    .map((name) => name === "COSIGN_PASSWORD" ? env.all()[name] : env.get(name))
    .find((text) => text !== undefined);
  if (given === undefined && prompter === null) {
    throw new UserError("passphrase-missing", "The passphrase of the signing key is missing", {
      hint: `Set ${variables.join(" or ")}`,
    });
  }
  const text = given ?? await prompter?.secret({ label: "Passphrase of the signing key" }) ?? "";
  redactor.add(text);
  return new Secret(text);
}
