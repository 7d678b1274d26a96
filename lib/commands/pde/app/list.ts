import { type App, getApp, listApps } from "../../../api/app_deployments.ts";
import { inParallel } from "../../../api/parallel.ts";
import { isNotFound } from "../../../api/api_error.ts";
import { formatAge } from "../../../output/age.ts";
import { listDocument } from "../../../output/format.ts";
import { formatTable } from "../../../output/table.ts";
import type { CommandContext } from "../../context.ts";

export interface ListOptions {
  project?: string | undefined;
  /** Part of the name. */
  name?: string | undefined;
}

/** So many apps are asked for their services, each with a request of its own. */
const FEW = 50;

/** Lists the apps of a project. */
export async function listDeployedApps(
  { project: wanted, name: part = "" }: ListOptions,
  context: CommandContext,
): Promise<void> {
  const { palette, project } = await context.projectPalette(wanted);
  const { printer, runtime } = context;
  const apps = (await listApps(palette)).filter(({ name }) => name.includes(part));
  // Only documents show services.
  const isDetailed = printer.format !== "table" && apps.length <= FEW;
  const rows = await inParallel(apps, async (app) => ({
    app,
    services: isDetailed ? await servicesOf(app) : null,
  }));
  if (rows.length === 0) printer.notice("No Apps found");
  const now = runtime.clock.now();
  await printer.result({
    document: () =>
      listDocument(rows.map(({ app, services }) => ({
        name: app.name,
        uid: app.uid,
        project: project.name,
        appProfile: { ...app.appProfile },
        virtualCluster: { ...app.virtualCluster },
        status: app.status,
        updateAvailable: app.isUpdateAvailable,
        services: services?.map((service) => ({ ...service })) ?? null,
        createdAt: app.createdAt,
        tags: app.tags,
      }))),
    text: () =>
      formatTable(
        [
          ...["NAME", "PROJECT", "PROFILE", "PROFILE-VERSION", "VIRTUAL-CLUSTER", "STATUS"],
          ...["UPDATE-AVAILABLE", "AGE"],
        ],
        rows.map(({ app }) => [
          app.name,
          project.name,
          app.appProfile.name,
          app.appProfile.version,
          app.virtualCluster.name,
          app.status,
          app.isUpdateAvailable ? "yes" : "no",
          formatAge(app.createdAt, now),
        ]),
      ),
  });

  async function servicesOf({ uid }: App) {
    try {
      return (await getApp(palette, uid)).services;
    } catch (error) {
      // It has just gone.
      if (isNotFound(error)) return [];
      throw error;
    }
  }
}
