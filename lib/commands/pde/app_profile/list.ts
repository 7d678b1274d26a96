import { listAppProfiles } from "../../../api/app_profiles.ts";
import { formatAge } from "../../../output/age.ts";
import { listDocument } from "../../../output/format.ts";
import { formatTable } from "../../../output/table.ts";
import type { CommandContext } from "../../context.ts";

export interface ListOptions {
  project?: string | undefined;
  /** Part of the name, without regard to case. */
  nameFilter?: string | undefined;
}

/** Lists the app profiles of a project. */
export async function listProfiles(
  { project, nameFilter }: ListOptions,
  context: CommandContext,
): Promise<void> {
  const { palette } = await context.projectPalette(project);
  const part = nameFilter?.toLowerCase() ?? "";
  const profiles = (await listAppProfiles(palette))
    .filter(({ name }) => name.toLowerCase().includes(part));
  if (profiles.length === 0) context.printer.notice("No App Profiles found");
  const now = context.runtime.clock.now();
  await context.printer.result({
    document: () =>
      listDocument(profiles.map(({ name, versions, scope, tags, createdAt }) => ({
        name,
        latest: versions[0]?.version ?? "",
        versions: versions.map(({ version, uid }) => ({ version, uid })),
        scope,
        tags,
        createdAt,
      }))),
    text: () =>
      formatTable(
        ["NAME", "VERSIONS", "LATEST", "SCOPE", "TIERS", "AGE"],
        profiles.map(({ name, versions, scope, tierCount, createdAt }) => [
          name,
          String(versions.length),
          versions[0]?.version ?? "",
          scope,
          String(tierCount),
          formatAge(createdAt, now),
        ]),
      ),
  });
}
