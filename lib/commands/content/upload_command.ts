import type { Choose } from "../command.ts";
import { resultCommand } from "../options/result_command.ts";
import { WholeNumber } from "../options/types.ts";

export function buildUpload(choose: Choose) {
  return resultCommand(
    "Upload a bundle or a cluster definition to an Edge host.\n\n" +
      "HOST is its address; of linked hosts, the leader's. The upload goes on where it stopped " +
      "when the command is run again.",
  )
    .type("port", new WholeNumber(1))
    .type("count", new WholeNumber(1))
    .arguments("<host:string>")
    .option("-f, --file <file:file>", "The bundle, or with --cluster-export the definition.")
    .option("--src-url <url:string>", "Upload from an address that sends parts of a file.", {
      conflicts: ["file"],
    })
    .option(
      "--token <token:string>",
      "Upload token, - for stdin; other users can see it (env PALETTE_UPLOAD_TOKEN).",
    )
    .option(
      "--token-file <file:file>",
      "File with the token; on the host it is /opt/spectrocloud/.upload-auth-token.",
      { conflicts: ["token"] },
    )
    .option(
      "-p, --port <port:port>",
      "Port of the host, when it is reached by another; 5082 by default.",
    )
    .option("--cluster-export", "The file is a cluster definition (.tgz).")
    .option("--cluster-export-file <file:file>", "The definition itself, as in older versions.", {
      hidden: true,
      conflicts: ["file"],
    })
    .option("--app <file:file>", "Older name of --file.", { hidden: true, conflicts: ["file"] })
    .option(
      "--signature <file:file>",
      "Signature of the file; FILE with .sig.bin in place of its last extension by default.",
    )
    .option("--tls", "Use HTTPS; on by default.")
    .option("--no-tls", "Use plain HTTP.")
    .option(
      "--insecure",
      "Accept any certificate of the host; on by default, since hosts sign theirs themselves.",
    )
    .option("--no-insecure", "Accept only a trusted certificate.")
    .option("--ca <file:file>", "Trust this CA, and check the certificate of the host.")
    .option(
      "--chunk-size <mib:count>",
      "Size of a chunk in MiB, 8 of --src-url, which are held in memory; 64 by default.",
    )
    .option("--connections <count:count>", "Chunks on their way at once, 32 at most; 8 by default.")
    .option("--resume", "Go on with what an earlier run began; on by default.")
    .option("--no-resume", "Discard what an earlier run began.")
    .option("--full-verify", "Let the host check the SHA-256 of the whole file, too.")
    .option("--legacy", "Upload in one stream; it cannot go on after a failure.")
    .option("--allow-thin", "Also a bundle that needs another one on the host.")
    .example(
      "A bundle",
      "palette content upload 10.10.1.5 --file bundle.tar.zst --token-file token.txt",
    )
    .example(
      "A cluster definition",
      "palette content upload 10.10.1.5 --cluster-export --file definition.tgz",
    )
    .example(
      "From a bucket, nothing kept here",
      'palette content upload 10.10.1.5 --src-url "$(aws s3 presign s3://b/bundle.tar.zst)"',
    )
    .action((options, host) =>
      choose(options, async (context) => {
        const { upload } = await import("./upload.ts");
        await upload({
          host,
          file: options.file ?? options.app ?? options.clusterExportFile,
          isAppFlag: options.app !== undefined,
          srcUrl: options.srcUrl,
          token: options.token,
          tokenFile: options.tokenFile,
          port: options.port ?? 5082,
          isClusterExport: options.clusterExport === true ||
            options.clusterExportFile !== undefined,
          signature: options.signature,
          tls: options.tls ?? true,
          insecure: options.insecure,
          ca: options.ca,
          chunkSizeMib: options.chunkSize ?? (options.srcUrl === undefined ? 64 : 8),
          connections: options.connections ?? 8,
          resume: options.resume ?? true,
          fullVerify: options.fullVerify === true,
          isLegacy: options.legacy === true,
          allowsThin: options.allowThin === true,
        }, context);
      })
    );
}
