import { createRegistry, type RegistryType, validateRegistry } from "../../../api/registries.ts";
import { sanitizeLine } from "../../../output/sanitize.ts";
import type { Validate } from "../../../runtime/prompter.ts";
import type { CommandContext } from "../../context.ts";
import { requireFlags } from "../../lookup.ts";
import type { WaitOptions } from "../../wait.ts";
import { type CredentialFlags, readCredentials } from "./credentials.ts";
import { syncDocument } from "./document.ts";
import { checkEndpoint, parseEndpoint } from "./endpoint.ts";
import { kindOf } from "./names.ts";
import { waitForSync } from "./wait_for_sync.ts";

export interface CreateOptions extends CredentialFlags {
  type: RegistryType;
  name?: string | undefined;
  endpoint?: string | undefined;
  insecure: boolean;
  wait: WaitOptions;
}

/** Creates a registry of the tenant, once Palette has tried that it can be reached. */
export async function addRegistry(options: CreateOptions, context: CommandContext): Promise<void> {
  const { type } = options;
  requireFlags({ "--name": options.name, "--endpoint": options.endpoint }, context);
  const kind = kindOf(type);
  const name = options.name ?? await ask(`${kind} name`, isNotEmpty, context);
  const endpoint = options.endpoint ?? await ask(`${kind} endpoint`, checkEndpoint, context);
  const wanted = {
    name,
    type,
    endpoint: parseEndpoint(endpoint),
    insecure: options.insecure,
    credentials: await readCredentials(options, context),
  };
  const palette = await context.palette();
  await validateRegistry(palette, wanted);
  const uid = await createRegistry(palette, wanted);
  context.log.info("created a registry", { name, uid, type });
  const registry = { name, uid, type, login: type === "oci" ? "basic" as const : null };
  const sync = options.wait.wait
    ? await waitForSync(registry, palette, options.wait, context)
    : null;
  await context.printer.result({
    document: () => ({
      name,
      uid,
      type,
      endpoint: wanted.endpoint,
      ...(sync === null ? {} : { sync: syncDocument(sync) }),
    }),
    text: () => `Created ${kind} ${sanitizeLine(name)}\n`,
  });
}

async function ask(
  label: string,
  validate: Validate,
  { prompter }: CommandContext,
): Promise<string> {
  return await prompter?.input({ label, validate }) ?? "";
}

function isNotEmpty(answer: string): true | string {
  return answer.trim() !== "" || "The name is empty";
}
