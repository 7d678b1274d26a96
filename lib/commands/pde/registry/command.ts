import { REGISTRY_TYPES, type RegistryType } from "../../../api/registries.ts";
import { type Choose, group } from "../../command.ts";
import { Choice } from "../../options/choice.ts";
import { sessionCommand } from "../../options/session_command.ts";
import { Duration } from "../../options/types.ts";
import { waitOptionsOf } from "../../wait.ts";

export function buildRegistry(choose: Choose, words: readonly string[]) {
  return group("Add and remove the registries that apps are made from.", words, {
    create: (rest) =>
      group("Add a registry to the tenant.", rest, {
        helm: () => createCommand("helm", choose),
        oci: () => createCommand("oci", choose),
      }),
    delete: () =>
      namedCommand("Remove a registry from the tenant; not while a profile uses it.")
        .option("--yes", "Do not ask; without a terminal nothing is asked anyway.")
        .example("From a script", "palette pde registry delete --name internal --type oci")
        .action((options) =>
          choose(options, async (context) => {
            const { removeRegistry } = await import("./delete.ts");
            await removeRegistry(
              { choice: choiceOf(options), isSure: options.yes === true },
              context,
            );
          })
        ),
    describe: () =>
      namedCommand("Show one registry and how far Palette has read it.")
        .example("Its state", "palette pde registry describe --name internal -o json | jq .sync")
        .action((options) =>
          choose(options, async (context) => {
            const { describeRegistry } = await import("./describe.ts");
            await describeRegistry(choiceOf(options), context);
          })
        ),
    list: () =>
      sessionCommand("List the registries of the tenant and the system.")
        .type("registry-type", new Choice(REGISTRY_TYPES))
        .option("--type <type:registry-type>", "Of this type alone: oci or helm.")
        .example("Those that could not be read", LIST_EXAMPLE)
        .action((options) =>
          choose(options, async (context) => {
            const { showRegistries } = await import("./list.ts");
            await showRegistries({ type: options.type }, context);
          })
        ),
  });
}

/** What differs in the help of the two commands. */
const CREATE: Record<RegistryType, { what: string; example: string }> = {
  oci: {
    what: "an OCI registry",
    example: "pass show harbor | palette pde registry create oci --name internal " +
      "--endpoint harbor.example.com --username harbor --password-stdin --wait",
  },
  helm: {
    what: "a Helm registry",
    example: "palette pde registry create helm --name charts --endpoint charts.example.com/stable",
  },
};
const LIST_EXAMPLE =
  `palette pde registry list -o json | jq -r '.items[] | select(.sync.status == "Failed").name'`;

/** A command about one registry. */
function namedCommand(description: string) {
  return sessionCommand(description)
    .type("registry-type", new Choice(REGISTRY_TYPES))
    .option("--name <name:string:registry>", "Name of the registry.")
    .option("--type <type:registry-type>", "Its type: oci or helm.")
    .option("--uid <uid:string>", "Uid of the registry, instead of its name.", {
      conflicts: ["name"],
    });
}

/** What names a registry, of the flags of a command. */
function choiceOf(options: { name?: string; uid?: string; type?: RegistryType }) {
  return { name: options.name, uid: options.uid, type: options.type };
}

function createCommand(type: RegistryType, choose: Choose) {
  const { what, example } = CREATE[type];
  return sessionCommand(`Add ${what} to the tenant, once Palette has tried to reach it.`)
    .type("duration", new Duration())
    .option("--name <name:string>", "Name of the new registry.")
    .option("--endpoint <url:string>", "Address of the registry; https unless it says otherwise.")
    .option("--username <name:string>", "User that Palette logs in as; none by default.")
    .option("--password <password:string>", "Password of the user; other users can see it here.", {
      conflicts: ["password-stdin"],
    })
    .option("--password-stdin", "Read the password from standard input.")
    .option("--insecure", "Have Palette accept any TLS certificate of the registry.")
    .option(
      "--wait",
      "Wait until Palette has read what it offers; Ctrl+C stops waiting, not the operation.",
    )
    .option("--timeout <time:duration>", "How long --wait waits at most; 15m by default.", {
      depends: ["wait"],
    })
    .option(
      "--poll-interval <time:duration>",
      "Time between two looks of --wait; 10s by default.",
      {
        depends: ["wait"],
      },
    )
    .example("Add one", example)
    .action((options) =>
      choose(options, async (context) => {
        const { addRegistry } = await import("./create.ts");
        await addRegistry({
          type,
          name: options.name,
          endpoint: options.endpoint,
          username: options.username,
          password: options.password,
          passwordStdin: options.passwordStdin === true,
          insecure: options.insecure === true,
          wait: waitOptionsOf(options),
        }, context);
      })
    );
}
