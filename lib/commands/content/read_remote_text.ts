import { readRemoteDefinition } from "../../content/transfer/remote_bundle.ts";
import { RemoteContent } from "../../content/transfer/remote_content.ts";
import type { CommandContext } from "../context.ts";
import { findRemoteBundle } from "./find_remote_bundle.ts";
import { openRegistries, type RegistryFlags } from "./open_registries.ts";
import { definitionAt } from "./remote_reference.ts";
import { DEFAULT_JOBS } from "./transfer_defaults.ts";

/**
 * Reads the definition of a bundle in a registry, as it was pushed.
 * @throws {UserError} `validation`, `not-found`, `ambiguous`
 */
export async function readRemoteText(
  reference: string,
  flags: RegistryFlags,
  context: CommandContext,
): Promise<{ text: string; place: string }> {
  const { crypto } = context.runtime;
  const registries = await openRegistries(flags, context);
  try {
    const remote = await findRemoteBundle(reference, "PATH", registries);
    const parts = { registries, crypto, jobs: DEFAULT_JOBS };
    const { text } = await readRemoteDefinition(remote, new RemoteContent(registries), parts);
    return { text, place: definitionAt(remote) };
  } finally {
    registries.close();
  }
}
