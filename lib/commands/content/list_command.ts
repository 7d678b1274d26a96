import type { Choose } from "../command.ts";
import { registryCommand } from "./registry_command.ts";
import { registryFlagsOf } from "./registry_flags.ts";

export function buildContentList(choose: Choose) {
  return registryCommand(
    "List the bundles of a registry.\n\n" +
      "A folder on this machine is listed, too: its archives and OCI layouts.",
  )
    .option(
      "-r, --repo <repository:string>",
      "HOST/PATH/bundle-definition, or HOST/PATH alone; a folder begins with /, . or file://.",
    )
    .example("Of an Edge host's registry", "palette content list -r 10.1.2.3:30003/spectro-content")
    .example(
      "Names for a script",
      "palette content list -r example.com/bundle -o json | jq -r '.items[].name'",
    )
    .action((options) =>
      choose(options, async (context) => {
        const { listBundles } = await import("./list.ts");
        await listBundles({
          repo: options.repo,
          arch: options.arch,
          flags: registryFlagsOf(options),
        }, context);
      })
    );
}
