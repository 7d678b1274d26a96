import { listRegistries, type RegistryType } from "../../../api/registries.ts";
import { listDocument } from "../../../output/format.ts";
import { formatTable } from "../../../output/table.ts";
import type { CommandContext } from "../../context.ts";
import { registryDocument } from "./document.ts";
import { kindOrRegistry } from "./names.ts";

export interface ListOptions {
  /** Both without it. */
  type?: RegistryType | undefined;
}

/** Lists the registries of the tenant and the system. */
export async function showRegistries(
  { type }: ListOptions,
  context: CommandContext,
): Promise<void> {
  const { printer } = context;
  const registries = await listRegistries(await context.palette(), type);
  if (registries.length === 0) {
    printer.notice(`No ${kindOrRegistry(type).replace(/y$/, "ies")} found`);
  }
  await printer.result({
    document: () => listDocument(registries.map(registryDocument)),
    text: () =>
      formatTable(
        ["NAME", "TYPE", "ENDPOINT", "SCOPE", "SYNC"],
        registries.map(({ name, type, endpoint, scope, sync }) => [
          name,
          type,
          endpoint,
          scope,
          sync.status,
        ]),
      ),
  });
}
