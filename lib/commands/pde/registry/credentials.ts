import { UserError } from "../../../errors.ts";
import { Secret } from "../../../secrets/secret.ts";
import type { CommandContext } from "../../context.ts";

/** The flags that say how Palette logs in to a registry. */
export interface CredentialFlags {
  username?: string | undefined;
  password?: string | undefined;
  passwordStdin: boolean;
}

/**
 * User and password of a registry, the password asked for when somebody is there; null for one that
 * anybody may read.
 * @throws {UserError} `usage` for one without the other, `validation` for an empty password.
 */
export async function readCredentials(
  flags: CredentialFlags,
  context: CommandContext,
): Promise<{ username: string; password: Secret } | null> {
  const { username, password, passwordStdin } = flags;
  if (username === undefined) {
    if (password === undefined && !passwordStdin) return null;
    throw new UserError("usage", "A password needs --username, too");
  }
  const text = await readPassword(flags, context);
  context.redactor.add(text);
  if (text !== "") return { username, password: new Secret(text) };
  throw new UserError("validation", `The password of "${username}" is empty`);
}

async function readPassword(
  { password, passwordStdin }: CredentialFlags,
  context: CommandContext,
): Promise<string> {
  if (password !== undefined) {
    context.printer.warn(
      "other users of this machine can see --password; use --password-stdin",
    );
    return password;
  }
  if (passwordStdin) return await (await context.secretInput()).fromStdin("--password-stdin");
  const { prompter } = context;
  if (prompter === null) {
    throw new UserError("usage", "--password-stdin is required when not running interactively", {
      hint: "Pipe the password into it, or leave --username out",
    });
  }
  return await prompter.secret({
    label: "Registry password",
    validate: (answer) => answer !== "" || "The password is empty",
  });
}
