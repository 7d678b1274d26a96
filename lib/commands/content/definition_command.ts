import type { Choose } from "../command.ts";
import type { ReadRemote } from "./definition.ts";
import { reachingCommand, registryFlagsOf } from "./registry_flags.ts";

export function buildDefinition(choose: Choose) {
  return reachingCommand(
    "Print the definition of a bundle: what is in it, and where it came from.\n\n" +
      "PATH is a bundle-definition.yaml, an archive, its parts, the folder of a layout, or a bundle " +
      "in a registry: HOST/PATH/bundle-definition:NAME. Only the head of an archive is read, and " +
      "what is printed is as it stands there.",
  )
    .arguments("<path:file>")
    .option("-a, --arch <arch:string>", "Leave out the images that are not for amd64 or arm64.")
    .option("--progress", "Taken for the sake of scripts; a definition is small.")
    .option("--no-progress", "As it is anyway.")
    .example("What is in an archive", "palette content definition bundle.tar.zst")
    .example(
      "Of a bundle in a registry",
      "palette content definition example.com/bundle/bundle-definition:edge-1",
    )
    .example(
      "Its images",
      "palette content definition bundle.tar.zst -o json | jq -r '.spec.images[].image'",
    )
    .action((options, source) =>
      choose(options, async (context) => {
        const { showDefinition } = await import("./definition.ts");
        const flags = registryFlagsOf(options);
        const readRemote: ReadRemote = async (reference, arch) => {
          const { readRemoteText } = await import("./read_remote_text.ts");
          return await readRemoteText({ reference, arch }, flags, context);
        };
        await showDefinition({ source, arch: options.arch }, readRemote, context);
      })
    );
}
