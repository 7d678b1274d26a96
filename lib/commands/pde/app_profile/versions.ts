import { getAppProfile } from "../../../api/app_profiles.ts";
import { inParallel } from "../../../api/parallel.ts";
import { formatAge } from "../../../output/age.ts";
import { listDocument } from "../../../output/format.ts";
import { formatTable } from "../../../output/table.ts";
import type { CommandContext } from "../../context.ts";
import { findProfile, type ProfileChoice } from "./find.ts";

/** Lists the versions of an app profile, the highest first. */
export async function listProfileVersions(
  { project, ...wanted }: ProfileChoice,
  context: CommandContext,
): Promise<void> {
  const scope = await context.projectPalette(project);
  const profile = await findProfile(scope, wanted, context);
  const versions = await inParallel(profile.versions, async ({ version, uid }) => {
    const { createdAt } = await getAppProfile(scope.palette, uid);
    return { version, uid, createdAt };
  });
  const now = context.runtime.clock.now();
  await context.printer.result({
    document: () => listDocument(versions),
    text: () =>
      formatTable(
        ["VERSION", "UID", "AGE"],
        versions.map(({ version, uid, createdAt }) => [version, uid, formatAge(createdAt, now)]),
      ),
  });
}
