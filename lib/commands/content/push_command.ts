import type { Choose } from "../command.ts";
import { transferCommand, transferOptionsOf } from "./transfer_command.ts";

export function buildPush(choose: Choose) {
  return transferCommand(
    "Push a bundle to a registry: images keep their source as path, packs lie where Palette looks " +
      "for them.\n\n" +
      "Only what the registry does not have is sent, and a push that was stopped goes on with the " +
      "rest. The definition comes last: where it is, the bundle is complete.",
  )
    .option("-f, --file <file:file>", "Archive, its parts, or the folder of a layout.")
    .option("-r, --registry <registry:string>", "Registry and base path: HOST:PORT/PATH.")
    .option(
      "--annotation-selector <selector:string>",
      "Only items with these annotations: KEY=VALUE, KEY!=VALUE or KEY, separated by commas.",
      { collect: true },
    )
    .option("--no-clobber", "Fail instead of overwriting tags that point to other content.")
    .example(
      "To an Edge host's registry",
      "palette content push -f bundle.tar.zst -r 10.1.2.3:30003/spectro-content --insecure",
    )
    .example(
      "What would be sent",
      "palette content push -f bundle.tar.zst -r example.com/bundle --dry-run --format json",
    )
    .action((options) =>
      choose(options, async (context) => {
        const { pushContent } = await import("./push.ts");
        await pushContent({
          file: options.file,
          registry: options.registry,
          selectors: options.annotationSelector ?? [],
          keepsTags: options.clobber === false,
          transfer: transferOptionsOf(options),
        }, context);
      })
    );
}
