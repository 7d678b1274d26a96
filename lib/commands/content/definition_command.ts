import { UserError } from "../../errors.ts";
import type { Choose } from "../command.ts";
import { resultCommand } from "../options/result_command.ts";

export function buildDefinition(choose: Choose) {
  return resultCommand(
    "Print the definition of a bundle: what is in it, and where it came from.\n\n" +
      "PATH is a bundle-definition.yaml, an archive, its parts, or the folder of a layout. Only " +
      "the head of an archive is read, and what is printed is as it stands there.",
  )
    .arguments("<path:file>")
    .option("-a, --arch <arch:string>", "Leave out the images that are not for amd64 or arm64.")
    .option("--ca-cert <file:file>", "Trust this CA of a registry, too.")
    .option("-i, --insecure", "Do not check the certificate of a registry.")
    .option("--tls-cert <file:file>", "Client certificate (PEM) for a registry.", {
      depends: ["tls-key"],
    })
    .option("--tls-key <file:file>", "Private key (PEM) of the certificate.", {
      depends: ["tls-cert"],
    })
    .option("--progress", "Taken for the sake of scripts; a definition is small.")
    .option("--no-progress", "As it is anyway.")
    .example("What is in an archive", "palette content definition bundle.tar.zst")
    .example(
      "Its images",
      "palette content definition bundle.tar.zst -o json | jq -r '.spec.images[].image'",
    )
    .action((options, source) =>
      choose(options, async (context) => {
        const { showDefinition } = await import("./definition.ts");
        // A registry is opened here once its client is there; until then it is told of.
        const openRemote = (reference: string) =>
          Promise.reject(
            new UserError(
              "prerequisite",
              `Cannot read "${reference}": bundles in registries are not read yet`,
              { hint: "Name a file or a folder on this machine" },
            ),
          );
        await showDefinition({ source, arch: options.arch }, openRemote, context);
      })
    );
}
