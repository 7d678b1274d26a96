import type { Choose } from "../command.ts";
import { transferCommand, transferOptionsOf } from "./transfer_command.ts";

export function buildCopy(choose: Choose) {
  return transferCommand(
    "Copy a bundle between files and registries.\n\n" +
      "A folder gets an OCI layout; beside another bundle, what both hold is kept once. A name that " +
      "ends in .tar.zst or .tar gets an archive. Between repositories of one registry no blob is " +
      "sent.",
  )
    .option(
      "-s, --source <bundle:string>",
      "A file, a layout, file:///PATH, or HOST/PATH/bundle-definition:NAME.",
    )
    .option(
      "-d, --destination <place:string>",
      "A path that begins with /, . or file://, or registry and base path: HOST/PATH.",
    )
    .option(
      "--annotation-selector <selector:string>",
      "Only items with these annotations: KEY=VALUE, KEY!=VALUE or KEY, separated by commas.",
      { collect: true },
    )
    .example("Unpack an archive", "palette content copy -s bundle.tar.zst -d file:///srv/layout")
    .example(
      "From one registry to another",
      "palette content copy -s example.com/bundle:edge-1 -d 10.1.2.3:30003/spectro-content",
    )
    .action((options) =>
      choose(options, async (context) => {
        const { copyContent } = await import("./copy.ts");
        await copyContent({
          source: options.source,
          destination: options.destination,
          selectors: options.annotationSelector ?? [],
          transfer: transferOptionsOf(options),
        }, context);
      })
    );
}
