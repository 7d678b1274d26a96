import { type Choose, DONE_FAILED_OR_BAD } from "../command.ts";
import { resultCommand } from "../options/result_command.ts";

export function buildVerify(choose: Choose) {
  return resultCommand(
    "Verify a bundle: its signature, every blob in it, and that nothing is missing.\n\n" +
      "PATH is an archive, its parts, or the folder of a layout. Nothing is unpacked, and no " +
      "network is needed.",
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
        "extension by default.",
      { depends: ["key"] },
    )
    .example("Before it is carried on", "palette content verify bundle.tar.zst --key public.pem")
    .action((options, path) =>
      choose(options, async (context) => {
        const { verifyContent } = await import("./verify.ts");
        await verifyContent({ path, key: options.key, signature: options.signature }, context);
      })
    );
}
