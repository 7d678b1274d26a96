import type { Choose } from "../command.ts";
import { resultCommand } from "../options/result_command.ts";
import { WholeNumber } from "../options/types.ts";

export function buildServe(choose: Choose) {
  return resultCommand(
    "Serve a bundle as a registry, straight from its archive, until it is stopped.\n\n" +
      "Everything lies below /bundle and keeps the host it comes from: " +
      "HOST:PORT/bundle/docker.io/library/nginx:1.27. As a mirror of such a host it is used " +
      "without /bundle.",
    "0 stopped by a signal, 1 failed",
  )
    .type("port", new WholeNumber(0))
    .option("-b, --bundle <path:file>", "The bundle: an archive, or the folder of a layout.")
    .option("-d, --disk <folder:file>", "Copy the bundle into this OCI layout first, and keep it.")
    .option("--host <address:string>", "Address to listen on; every one by default.")
    .option("-p, --port <port:port>", "Port to listen on, 0 for a free one; 8080 by default.")
    .option("--writable", "Take pushes, too; they go into the layout of --disk.", {
      depends: ["disk"],
    })
    .option("-a, --arch <arch:string>", "Only what is for amd64 or arm64, or for neither.")
    .option("--tls-cert <file:file>", "Certificate (PEM) of the server, for HTTPS.", {
      depends: ["tls-key"],
    })
    .option("--tls-key <file:file>", "Private key (PEM) of the certificate.", {
      depends: ["tls-cert"],
    })
    .option("--ca-cert <file:file>", "Taken for the sake of scripts; a server needs none.")
    .option("-i, --insecure", "Taken for the sake of scripts; a server checks nobody.")
    .option("--progress", "Tell how far --disk is filled; a terminal is told anyway.")
    .option("--no-progress", "Do not tell it a terminal either.")
    .example("For one machine", "palette content serve -b bundle.tar.zst --host 127.0.0.1 -p 5000")
    .example(
      "For a network, with a certificate",
      "palette content serve -b bundle.tar.zst -p 443 --tls-cert tls.pem --tls-key tls.key",
    )
    .example(
      "A registry that is filled from the bundle and can be pushed to",
      "palette content serve -b bundle.tar.zst -d /srv/registry --writable",
    )
    .action((options) =>
      choose(options, async (context) => {
        const { serveBundle } = await import("./serve.ts");
        await serveBundle({
          bundle: options.bundle,
          disk: options.disk,
          host: options.host ?? "",
          port: options.port ?? 8080,
          isWritable: options.writable === true,
          arch: options.arch,
          tlsCert: options.tlsCert,
          tlsKey: options.tlsKey,
          progress: options.progress,
        }, context);
      })
    );
}
