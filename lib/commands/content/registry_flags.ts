import { sessionCommand } from "../options/session_command.ts";
import { requireTlsPair } from "./tls_pair.ts";

/** Texts of the flags that say how registries are reached; the same wherever they are taken. */
export const REGISTRY_HELP = {
  caCert: "Certificates (PEM) to trust beside the system's.",
  insecure: "Skip the check of certificates; plain HTTP where the registry does not speak TLS.",
  tlsCert: "Client certificate (PEM) for the registry.",
  tlsKey: "Private key (PEM) of --tls-cert.",
};

/** A command that may talk to registries: how they are reached, and the passphrase of logins. */
export function reachingCommand(description: string, exitStatus?: string) {
  return sessionCommand(description, exitStatus)
    .option("--ca-cert <file:file>", REGISTRY_HELP.caCert)
    .option("-i, --insecure", REGISTRY_HELP.insecure)
    .option("--tls-cert <file:file>", REGISTRY_HELP.tlsCert)
    .option("--tls-key <file:file>", REGISTRY_HELP.tlsKey);
}

/**
 * What says how to reach registries, of the flags of a command.
 * @throws {UserError} `usage` for half a client certificate.
 */
export function registryFlagsOf(options: {
  caCert?: string;
  insecure?: boolean;
  tlsCert?: string;
  tlsKey?: string;
}) {
  requireTlsPair(options);
  return {
    caCert: options.caCert,
    insecure: options.insecure === true,
    tlsCert: options.tlsCert,
    tlsKey: options.tlsKey,
  };
}
