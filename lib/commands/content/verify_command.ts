import { type Choose, DONE_FAILED_OR_BAD } from "../command.ts";
import { WholeNumber } from "../options/types.ts";
import { reachingCommand, registryFlagsOf } from "./registry_flags.ts";

export function buildVerify(choose: Choose) {
  return reachingCommand(
    "Verify a bundle: its signature, every blob in it, and that nothing is missing.\n\n" +
      "PATH is an archive, its parts, the folder of a layout, a cluster definition (.tgz), or a " +
      "bundle in a registry: HOST/PATH/bundle-definition:NAME. Nothing is unpacked, and no network " +
      "is needed but for a registry: all blobs there are read, and tags have to point to what the " +
      "bundle has.",
    DONE_FAILED_OR_BAD,
  )
    .arguments("<path:file>")
    .option(
      "--key <file:file>",
      "Public key (PEM, RSA or ECDSA P-256) of the signature; without it only the content is " +
        "verified.",
    )
    .option(
      "--signature <file:file>",
      "Signature: raw, as base64, or a sigstore bundle; PATH with .sig.bin in place of its last " +
        "extension by default. In a registry it lies with the bundle.",
      { depends: ["key"] },
    )
    .option(
      "--verify-images <key:file>",
      "Public key (PEM) that the cosign signatures of all images in it are checked with; can be " +
        "given several times, and one has to fit.",
      { collect: true },
    )
    .type("whole", new WholeNumber(0))
    .option("--progress", "Show how far it is, also without a terminal.")
    .option("--no-progress", "Do not show how far it is.")
    .option("--retries <count:whole>", "Times that a request is tried again; 5 by default.")
    .example("Before it is carried on", "palette content verify bundle.tar.zst --key public.pem")
    .example(
      "What was pushed",
      "palette content verify example.com/bundle/bundle-definition:edge-1 --key public.pem",
    )
    .action((options, path) =>
      choose(options, async (context) => {
        const { verifyContent } = await import("./verify.ts");
        await verifyContent({
          path,
          key: options.key,
          signature: options.signature,
          verifyImages: options.verifyImages ?? [],
          progress: options.progress,
          flags: { ...registryFlagsOf(options), retries: options.retries },
        }, context);
      })
    );
}
