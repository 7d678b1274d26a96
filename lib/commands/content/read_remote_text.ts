import type { Architecture } from "../../content/definition/bundle_definition.ts";
import { openRemoteBundle, readRemoteDefinition } from "../../content/transfer/remote_bundle.ts";
import { RemoteContent } from "../../content/transfer/remote_content.ts";
import type { CommandContext } from "../context.ts";
import { fitsOf, type Found } from "./definition.ts";
import { findRemoteBundle } from "./find_remote_bundle.ts";
import { openRegistries, type RegistryFlags } from "./open_registries.ts";
import { definitionAt } from "./remote_reference.ts";
import { DEFAULT_JOBS } from "./transfer_defaults.ts";

/**
 * Reads the definition of a bundle in a registry, as it was pushed.
 * @throws {UserError} `validation`, `not-found`, `ambiguous`
 */
export async function readRemoteText(
  { reference, arch }: { reference: string; arch: Architecture | null },
  flags: RegistryFlags,
  context: CommandContext,
): Promise<Found> {
  const { crypto } = context.runtime;
  const registries = await openRegistries(flags, context);
  try {
    const remote = await findRemoteBundle(reference, "PATH", registries);
    const parts = { registries, crypto, jobs: DEFAULT_JOBS };
    const { text } = await readRemoteDefinition(remote, new RemoteContent(registries), parts);
    const fits = arch === null
      ? new Map()
      : await fitsOf(await openRemoteBundle(remote, parts), arch, context);
    return { text, place: definitionAt(remote), fits };
  } finally {
    registries.close();
  }
}
