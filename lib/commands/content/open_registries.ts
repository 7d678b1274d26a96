import { readCaFile } from "../../api/ca_file.ts";
import { ChartRepositories } from "../../content/transfer/chart_repository.ts";
import { credentialChain } from "../../oci/credentials/credential_chain.ts";
import type { CredentialSource } from "../../oci/credentials/credentials.ts";
import { fileCredentials, loginFiles } from "../../oci/credentials/file_credentials.ts";
import type { Registries } from "../../oci/registry/registries.ts";
import { openRegistry, type Registry } from "../../oci/registry/registry.ts";
import { NO_RECORDS, type UploadRecords } from "../../oci/registry/upload_records.ts";
import type { CommandContext } from "../context.ts";
import { paletteLogins } from "./palette_logins.ts";
import { readTlsKey } from "./tls_key.ts";
import { requireTlsPair } from "./tls_pair.ts";
import { DEFAULT_JOBS, DEFAULT_RETRIES } from "./transfer_defaults.ts";

/** How registries are reached: the flags that the commands of content share. */
export interface RegistryFlags {
  caCert?: string | undefined;
  insecure: boolean;
  tlsCert?: string | undefined;
  tlsKey?: string | undefined;
  /** Blobs in flight in each direction. */
  jobs?: number | undefined;
  /** Tries after the first. */
  retries?: number | undefined;
}

export interface RegistriesParts {
  /** Asked alone, instead of every login that is stored. */
  only?: CredentialSource;
  /** Asked last: what Palette knows of its registries. */
  last?: readonly CredentialSource[];
  /** Where uploads stand that an earlier run began. */
  records?: UploadRecords;
}

/** Everything that content comes from and goes to over the network. */
export interface ContentClients extends Registries {
  /** Helm repositories that are not registries. */
  charts: ChartRepositories;
}

/**
 * Prepares the clients of a run; nothing is sent, and no passphrase is asked for, before one of them
 * needs it. Logins are looked for in Palette's own file, then in those of Podman and Docker.
 * @throws {UserError} `io`, `validation`, `usage` for the files of the flags.
 */
export async function openRegistries(
  flags: RegistryFlags,
  context: CommandContext,
  { only, last = [], records = NO_RECORDS }: RegistriesParts = {},
): Promise<ContentClients> {
  const { runtime, log, redactor, signal, printer } = context;
  const { files, exec } = runtime;
  const trust = await readTrust(flags, context);
  const parts = { files, exec, signal, onWarning: (text: string) => printer.warn(text) };
  const sources = only === undefined
    ? [
      paletteLogins(context),
      ...loginFiles(runtime).map((file) => fileCredentials(file, parts)),
      ...last,
    ]
    : [only];
  const credentials = credentialChain(sources, (found) => {
    redactor.add((found.kind === "password" ? found.password : found.token).reveal());
  });
  const opened = new Map<string, Registry>();
  const { insecure, caCertificates } = trust;
  const retry = {
    clock: runtime.clock,
    log,
    random: () => (runtime.crypto.randomBytes(1)[0] ?? 0) / 256,
    signal,
  };
  const retries = flags.retries ?? DEFAULT_RETRIES;
  const charts = new ChartRepositories({
    ...retry,
    openTransport: runtime.openTransport,
    trust: { insecure, caCertificates },
    credentials,
    crypto: runtime.crypto,
    retries,
  });
  return {
    charts,
    open(host, isPlainHttp = false) {
      const known = opened.get(host);
      if (known !== undefined) return known;
      const registry = openRegistry(host, {
        ...trust,
        plainHttp: isPlainHttp,
        jobs: flags.jobs ?? DEFAULT_JOBS,
        retries,
      }, {
        ...retry,
        openTransport: runtime.openTransport,
        crypto: runtime.crypto,
        credentials,
        onSecret: (text) => redactor.add(text),
        records,
      });
      opened.set(host, registry);
      return registry;
    },
    close() {
      charts.close();
      for (const registry of opened.values()) registry.close();
    },
  };
}

async function readTrust(
  { caCert, insecure, tlsCert, tlsKey }: RegistryFlags,
  { runtime: { files } }: CommandContext,
) {
  const caCertificates = caCert === undefined ? [] : await readCaFile(caCert, "--ca-cert", files);
  requireTlsPair({ tlsCert, tlsKey });
  if (tlsCert === undefined || tlsKey === undefined) return { insecure, caCertificates };
  const certificate = (await readCaFile(tlsCert, "--tls-cert", files)).join("\n");
  const key = await readTlsKey(tlsKey, files);
  return { insecure, caCertificates, clientCertificate: { certificate, key } };
}
