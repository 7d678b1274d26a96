import { CLUSTER_GROUP_SCOPES } from "../../api/cluster_groups.ts";
import type { BuildBranch, Choose } from "../command.ts";
import { Choice } from "../options/choice.ts";
import { sessionCommand } from "../options/session_command.ts";

export const build: BuildBranch = (choose) => buildLogin(choose);

/** @param defaults What an older name of the command takes when a flag is missing. */
export function buildLogin(
  choose: Choose,
  defaults: { project?: string; consoleUrl?: string } = {},
) {
  return sessionCommand(
    "Log in to Palette: checks the API key, chooses the project, and writes palette.yaml with every " +
      "secret encrypted under your passphrase.\n\nWithout flags on a terminal it asks.",
  )
    .type("scope", new Choice(CLUSTER_GROUP_SCOPES))
    .option(
      "--api-key <key:string>",
      "Palette API key; other users can see it here (env PALETTE_API_KEY).",
    )
    .option("--api-key-file <file:file>", "File with the API key, - for stdin.")
    .option(
      "--console-url <url:string>",
      "Console address; https://console.spectrocloud.com by default (env PALETTE_CONSOLE_URL).",
    )
    .option(
      "--org <name:string>",
      "Organization, when you belong to several (env PALETTE_ORG).",
    )
    .option("--project <name:string>", "Project to make active (env PALETTE_PROJECT).")
    .option("--cluster-group-name <name:string>", "Cluster group to make active.")
    .option(
      "--cluster-group-scope <scope:scope>",
      "Scope of the cluster group: project, tenant or system.",
    )
    .option("--insecure", "Accept any TLS certificate; not with --ca-file.")
    .option(
      "--ca-file <file:file>",
      "Certificates (PEM) to trust beside the built-in list; DENO_TLS_CA_STORE=system uses this " +
        "machine's instead (env PALETTE_CA_FILE).",
    )
    .option("--ubuntu-pro-token <token:string>", "Ubuntu Pro token, stored encrypted.")
    .option("--acknowledge-banner", "Accept the login banner without being asked.")
    .example("Asks for everything", "palette login")
    .example(
      "In a pipeline",
      "PALETTE_API_KEY=... PALETTE_ENCRYPTION_PASSWORD=... palette login --project dev-team",
    )
    .example(
      "Key from a secret store",
      "vault read -field=key kv/palette | palette login --api-key-file -",
    )
    .action((options) =>
      choose(options, async (context) => {
        const { login } = await import("./login.ts");
        await login({
          apiKey: options.apiKey,
          apiKeyFile: options.apiKeyFile,
          consoleUrl: options.consoleUrl,
          org: options.org,
          project: options.project,
          defaultProject: defaults.project,
          defaultConsoleUrl: defaults.consoleUrl,
          clusterGroupName: options.clusterGroupName,
          clusterGroupScope: options.clusterGroupScope,
          insecure: options.insecure === true,
          caFile: options.caFile,
          ubuntuProToken: options.ubuntuProToken,
          acknowledgeBanner: options.acknowledgeBanner === true,
        }, context);
      })
    );
}
