import { type Choose, DONE_FAILED_OR_BAD } from "../command.ts";
import { sessionCommand } from "../options/session_command.ts";
import { registryFlagsOf } from "./registry_command.ts";

export function buildDiff(choose: Choose) {
  return sessionCommand(
    "Tell how two bundles differ: items that were added, removed or changed, and what of the newer " +
      "one is new.\n\nEach is an archive, its parts, the folder of a layout, or a bundle in a " +
      "registry. Only manifests are read.",
    DONE_FAILED_OR_BAD,
  )
    .arguments("<older:file> <newer:file>")
    .option("--ca-cert <file:file>", "Certificates (PEM) to trust beside the system's.")
    .option("-i, --insecure", "Do not check the certificate of a registry.")
    .option("--tls-cert <file:file>", "Client certificate (PEM) for a registry.", {
      depends: ["tls-key"],
    })
    .option("--tls-key <file:file>", "Private key (PEM) of the certificate.", {
      depends: ["tls-cert"],
    })
    .example("What an update brings", "palette content diff edge-1.tar.zst edge-2.tar.zst")
    .action((options, older, newer) =>
      choose(options, async (context) => {
        const { diffContent } = await import("./diff.ts");
        await diffContent({
          older,
          newer,
          flags: registryFlagsOf(options),
        }, context);
      })
    );
}
