import { type Choose, DONE_FAILED_OR_BAD } from "../command.ts";
import { reachingCommand, registryFlagsOf } from "./registry_flags.ts";

export function buildDiff(choose: Choose) {
  return reachingCommand(
    "Tell how two bundles differ: items that were added, removed or changed, and what of the newer " +
      "one is new.\n\nEach is an archive, its parts, the folder of a layout, or a bundle in a " +
      "registry. Only manifests are read.",
    DONE_FAILED_OR_BAD,
  )
    .arguments("<older:file> <newer:file>")
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
