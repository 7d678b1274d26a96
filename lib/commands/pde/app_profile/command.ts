import { type Choose, group } from "../../command.ts";
import { configFileCommand } from "../../options/config_file_command.ts";
import { namedCommand, projectCommand } from "../../options/project_command.ts";

const KIND = "app profile";

export function buildAppProfile(choose: Choose, words: readonly string[]) {
  return group("Make, look at and delete app profiles.", words, {
    create: (rest) => createGroup(choose, rest),
    delete: () =>
      namedCommand(KIND, "Delete one version of an app profile that no app uses.")
        .option("--version <version:string>", "The version.")
        .option("--yes", "Do not ask; without a terminal nothing is asked anyway.")
        .example("From a script", "palette pde app-profile delete --name web --version 1.0.0")
        .action((options) =>
          choose(options, async (context) => {
            const { deleteProfile } = await import("./delete.ts");
            await deleteProfile({
              choice: choiceOf(options),
              version: options.version,
              isSure: options.yes === true,
            }, context);
          })
        ),
    describe: () =>
      namedCommand(KIND, "Show one version of an app profile; secrets are never shown.")
        .option("--version <version:string>", "The version; the highest by default.")
        .example("Its tiers", "palette pde app-profile describe --name web --version 1.0.0")
        .action((options) =>
          choose(options, async (context) => {
            const { describeProfile } = await import("./describe.ts");
            await describeProfile(
              { choice: choiceOf(options), version: options.version },
              context,
            );
          })
        ),
    export: () =>
      namedCommand(
        KIND,
        "Print the configuration file that makes a version again, without its secrets.",
      )
        .option("--version <version:string>", "The version; the highest by default.")
        .example("Into a file", "palette pde app-profile export --name web > web.yaml")
        .action((options) =>
          choose(options, async (context) => {
            const { exportProfile } = await import("./describe.ts");
            await exportProfile({ choice: choiceOf(options), version: options.version }, context);
          })
        ),
    list: () =>
      projectCommand("List the app profiles of the project.")
        .option("--name-filter <text:string>", "Only names with this in them, whatever its case.")
        .example("Names and latest versions", LIST_EXAMPLE)
        .action((options) =>
          choose(options, async (context) => {
            const { listProfiles } = await import("./list.ts");
            await listProfiles(
              { project: options.project, nameFilter: options.nameFilter },
              context,
            );
          })
        ),
    versions: () =>
      namedCommand(KIND, "List the versions of an app profile, the highest first.")
        .example(
          "The highest",
          "palette pde app-profile versions --name web -o json | jq .items[0]",
        )
        .action((options) =>
          choose(options, async (context) => {
            const { listProfileVersions } = await import("./versions.ts");
            await listProfileVersions(choiceOf(options), context);
          })
        ),
  });
}

const LIST_EXAMPLE =
  `palette pde app-profile list -o json | jq -r '.items[] | .name + " " + .latest'`;

const FROM_CONFIG = `Make an app profile, or a further version of one, from a configuration file.

The file is YAML:

  name: web                      # a-z, 0-9 and -
  version: 1.0.0                 # the default
  description: demo              # optional
  context: project               # project (default) or tenant
  tags: [env:dev, demo]          # optional
  tiers:                         # at least one, in the order of their layers
    - name: db
      type: operator-instance    # a service of a pack
      registry: Public Repo      # or registryUid
      pack: postgresql-operator  # or packUid
      packVersion: 1.8.2
      installOrder: 0
      properties:
        dbUserName: pguser
        dbPassword: secret       # encrypted with --encrypt
    - name: api
      type: container
      imageRegistry: my-oci      # with the credentials of a private image
      container:
        image: ghcr.io/acme/api:1.0.8
        ports: ["3000"]
        replicas: 1
        access: public
        env: [{ name: MODE, value: demo }]
        volume: { name: data, size: 2, mountPath: /data }
    - name: kafka
      type: helm
      registry: Bitnami
      pack: kafka
      packVersion: 20.0.0
      values: "replicaCount: 1"
    - name: extras
      type: manifest
      manifests: [{ name: nginx, content: "..." }]`;

function createGroup(choose: Choose, words: readonly string[]) {
  return group("Make an app profile.", words, {
    "from-config": () =>
      configFileCommand(FROM_CONFIG)
        .option("-f, -o, --config-file <file:file>", "The configuration file.")
        .option("--dry-run", "Check the file and show the request; change nothing.")
        .option("--update", "Replace the content of a version that is there.")
        .option("--encrypt", "Encrypt the secret properties of the file in place first.")
        .example("Make it", "palette pde app-profile create from-config --config-file web.yaml")
        .example(
          "Only look",
          "palette pde app-profile create from-config --config-file web.yaml --dry-run",
        )
        .action((options) =>
          choose(options, async (context) => {
            const { createFromConfig } = await import("./create_from_config.ts");
            await createFromConfig({
              project: options.project,
              configFile: options.configFile,
              isDryRun: options.dryRun === true,
              updates: options.update === true,
              encrypts: options.encrypt === true,
            }, context);
          })
        ),
    interactive: () =>
      configFileCommand(
        "Ask for an app profile, keep the answers as a configuration file, and make it.",
      )
        .option("-o, --config-only", "Write the configuration file and stop.")
        .example("A file to edit", "palette pde app-profile create interactive --config-only")
        .action((options) =>
          choose(options, async (context) => {
            const { createInteractive } = await import("./create_interactive.ts");
            await createInteractive(
              { project: options.project, configOnly: options.configOnly === true },
              context,
            );
          })
        ),
  });
}

function choiceOf(options: { project?: string; name?: string; uid?: string }) {
  return { project: options.project, name: options.name, uid: options.uid };
}
