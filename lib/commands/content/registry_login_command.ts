import type { Choose } from "../command.ts";
import { registryCommand } from "./registry_command.ts";
import { registryFlagsOf } from "./registry_flags.ts";

export function buildRegistryLogin(choose: Choose) {
  return registryCommand(
    "Log in to an image or Helm registry, and keep the login encrypted.\n\n" +
      "It is checked with the registry first. Docker's and Podman's own logins are used, too; they " +
      "are never written.",
  )
    .option("-r, --registry <address:string>", "HOST or HOST:PORT; a path narrows the check.")
    .option("-u, --username <name:string>", "User name; AWS for ECR, _json_key for GCR.")
    .option(
      "-p, --password <password:string>",
      "Password or token; other users of this machine can see it.",
    )
    .option("--password-stdin", "Read the password from standard input.", {
      conflicts: ["password"],
    })
    .option(
      "--from-file <file:file>",
      "Log in to all of a credentials file of palette-edge (JSON), - for standard input.",
      { conflicts: ["registry", "username", "password", "password-stdin"] },
    )
    .example(
      "From a script",
      "palette content registry-login -r 10.1.2.3:30003 -u admin --password-stdin < password.txt",
    )
    .example(
      "To ECR",
      "aws ecr get-login-password | palette content registry-login -u AWS --password-stdin " +
        "-r 123456789012.dkr.ecr.us-east-1.amazonaws.com",
    )
    .action((options) =>
      choose(options, async (context) => {
        const { loginToRegistry } = await import("./registry_login.ts");
        await loginToRegistry({
          registry: options.registry,
          username: options.username,
          password: options.password,
          passwordStdin: options.passwordStdin === true,
          fromFile: options.fromFile,
          flags: registryFlagsOf(options),
        }, context);
      })
    );
}
