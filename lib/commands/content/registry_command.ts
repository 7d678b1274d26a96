import { Type, ValidationError } from "@cliffy/command";
import { type Architecture, ARCHITECTURES } from "../../content/definition/bundle_definition.ts";
import { sessionCommand } from "../options/session_command.ts";

/** A flag that takes an architecture of images. */
export class ArchitectureType extends Type<Architecture> {
  parse({ value }: { value: string }): Architecture {
    const found = ARCHITECTURES.find((name) => name === value);
    if (found !== undefined) return found;
    throw new ValidationError(`Unsupported architecture "${value}": use amd64 or arm64`);
  }

  override values(): Architecture[] {
    return [...ARCHITECTURES];
  }

  override complete(): Architecture[] {
    return this.values();
  }
}

/** A command that talks to registries. */
export function registryCommand(description: string, exitStatus?: string) {
  return sessionCommand(description, exitStatus)
    .type("arch", new ArchitectureType())
    .option("-a, --arch <arch:arch>", "Only this architecture: amd64 or arm64; all by default.")
    .option("--ca-cert <file:file>", "Certificates (PEM) to trust beside the system's.")
    .option(
      "-i, --insecure",
      "Skip the check of certificates; plain HTTP where the registry does not speak TLS.",
    )
    .option("--tls-cert <file:file>", "Client certificate (PEM) for the registry.")
    .option("--tls-key <file:file>", "Key (PEM) of --tls-cert.")
    .option("--progress", "Show progress; on a terminal it is shown anyway.");
}

/** What says how to reach registries, of the flags of a command. */
export function registryFlagsOf(options: {
  caCert?: string;
  insecure?: boolean;
  tlsCert?: string;
  tlsKey?: string;
}) {
  return {
    caCert: options.caCert,
    insecure: options.insecure === true,
    tlsCert: options.tlsCert,
    tlsKey: options.tlsKey,
  };
}
