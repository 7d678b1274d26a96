import { UserError } from "../../errors.ts";
import type { CredentialSource } from "../../oci/credentials/credentials.ts";
import { parseRegistryAddress, type RegistryAddress } from "../../oci/registry_address.ts";
import { sanitizeLine } from "../../output/sanitize.ts";
import { Secret } from "../../secrets/secret.ts";
import type { CommandContext } from "../context.ts";
import { requireFlags } from "../lookup.ts";
import { openRegistries, type RegistryFlags } from "./open_registries.ts";
import { keepLogins, type RegistryLogin } from "./palette_logins.ts";
import { readLoginsOf } from "./palette_edge_logins.ts";

export interface RegistryLoginOptions {
  registry?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
  passwordStdin: boolean;
  /** Credentials file of palette-edge. */
  fromFile?: string | undefined;
  flags: RegistryFlags;
}

/** A login, and where it is checked. */
export interface WantedLogin extends RegistryLogin {
  address: RegistryAddress;
}

/** Checks logins with their registries, then keeps them; one that is refused keeps none. */
export async function loginToRegistry(
  options: RegistryLoginOptions,
  context: CommandContext,
): Promise<void> {
  const wanted = options.fromFile === undefined
    ? [await readLogin(options, context)]
    : await readLoginsOf(options.fromFile, context);
  for (const login of wanted) {
    context.redactor.add(login.password.reveal());
    await checkLogin(login, options.flags, context);
  }
  const file = await keepLogins(wanted, context);
  await context.printer.result({
    document: () => ({ registries: wanted.map(({ host }) => host), file }),
    text: () =>
      wanted.length === 1
        ? "Login Succeeded\n"
        : wanted.map(({ host }) => `Login Succeeded: ${sanitizeLine(host)}\n`).join(""),
  });
}

async function readLogin(
  options: RegistryLoginOptions,
  context: CommandContext,
): Promise<WantedLogin> {
  const { prompter, printer, redactor } = context;
  if (options.password !== undefined) {
    redactor.add(options.password);
    printer.warn("other users of this machine can see --password; use --password-stdin");
  }
  requireFlags({
    "--registry": options.registry,
    "--username": options.username,
    "--password-stdin": options.passwordStdin ? true : options.password,
  }, context);
  const registry = options.registry ?? await prompter?.input({ label: "Registry" }) ?? "";
  const address = parseRegistryAddress(registry, "--registry");
  const username = options.username ?? await prompter?.input({ label: "Username" }) ?? "";
  // It ends where the password begins (RFC 7617, 2).
  if (username === "" || username.includes(":")) {
    throw new UserError(
      "validation",
      `Cannot use the user name "${username}": ${
        username === "" ? "it is empty" : "it holds a colon"
      }`,
    );
  }
  const password = options.password ??
    (options.passwordStdin
      ? await (await context.secretInput()).fromStdin("--password-stdin")
      : await prompter?.secret({ label: "Password" }) ?? "");
  if (password === "") throw new UserError("validation", "The password is empty");
  return { address, host: address.host, username, password: new Secret(password) };
}

/** @throws {UserError} `credentials` */
async function checkLogin(
  { address, host, username, password }: WantedLogin,
  flags: RegistryFlags,
  context: CommandContext,
): Promise<void> {
  const only: CredentialSource = {
    find: (asked) =>
      Promise.resolve(asked === host ? { kind: "password", username, password } : null),
  };
  const registries = await openRegistries(flags, context, { only });
  try {
    const kind = await registries.open(host, address.isPlainHttp).checkLogin(address.path);
    if (kind === "open") {
      context.printer.notice(`${host} did not ask for credentials: they could not be checked`);
    }
  } finally {
    registries.close();
  }
}
