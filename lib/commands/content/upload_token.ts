import { UserError } from "../../errors.ts";
import { Secret } from "../../secrets/secret.ts";
import type { CommandContext } from "../context.ts";

const VARIABLE = "PALETTE_UPLOAD_TOKEN";

/**
 * The token that a host takes uploads with: flags, then environment, then a question.
 * @throws {UserError} `usage`, `io`, `validation`
 */
export async function uploadToken(
  { token, tokenFile }: { token?: string | undefined; tokenFile?: string | undefined },
  context: CommandContext,
): Promise<Secret> {
  if (token !== undefined && tokenFile !== undefined) {
    throw new UserError("usage", "--token and --token-file cannot be used together");
  }
  const text = (await given(token, tokenFile, context)).trim();
  if (text === "") throw new UserError("usage", "The upload token is empty");
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw new UserError("validation", "The upload token holds characters that no token has", {
      hint: "Give the content of /opt/spectrocloud/.upload-auth-token on the host, unchanged",
    });
  }
  context.redactor.add(text);
  return new Secret(text);
}

async function given(
  token: string | undefined,
  tokenFile: string | undefined,
  context: CommandContext,
): Promise<string> {
  const { printer, prompter, runtime } = context;
  if (token === "-") return await (await context.secretInput()).fromStdin("--token");
  if (token !== undefined) {
    context.redactor.add(token);
    printer.warn(`other users of this machine can see --token; use --token-file or ${VARIABLE}`);
    return token;
  }
  if (tokenFile !== undefined) {
    return await (await context.secretInput()).fromFile(tokenFile, "--token-file");
  }
  const variable = runtime.env.get(VARIABLE);
  if (variable !== undefined) return variable;
  if (prompter !== null) return await prompter.secret({ label: "Upload token" });
  throw new UserError("usage", "The upload token is missing", {
    hint: `Set ${VARIABLE}, or pass --token-file; on the host it is in ` +
      "/opt/spectrocloud/.upload-auth-token",
  });
}
