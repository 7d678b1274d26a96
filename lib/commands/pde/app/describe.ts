import { getApp } from "../../../api/app_deployments.ts";
import { formatAge } from "../../../output/age.ts";
import { formatFields } from "../../../output/table.ts";
import type { CommandContext } from "../../context.ts";
import { type AppChoice, findApp } from "./find.ts";

/** Shows one app and where its services are. */
export async function describeApp(choice: AppChoice, context: CommandContext): Promise<void> {
  const { palette, project, app } = await findApp(choice, context);
  const { status, services, error, profileVersion } = await getApp(palette, app.uid);
  const version = profileVersion || app.appProfile.version;
  await context.printer.result({
    document: () => ({
      name: app.name,
      uid: app.uid,
      project: project.name,
      appProfile: { ...app.appProfile, version },
      virtualCluster: { ...app.virtualCluster },
      status,
      message: error ?? "",
      updateAvailable: app.isUpdateAvailable,
      services: services.map((service) => ({ ...service })),
      createdAt: app.createdAt,
      tags: app.tags,
    }),
    text: () =>
      formatFields([
        ["Name", app.name],
        ["Uid", app.uid],
        ["Project", project.name],
        ["App profile", `${app.appProfile.name} ${version}`],
        ["Virtual cluster", app.virtualCluster.name],
        ["Status", status],
        ["Message", error ?? ""],
        ["Update available", app.isUpdateAvailable ? "yes" : "no"],
        [
          "Services",
          services.map(({ name, host, ports }) => `${name} ${host}:${ports.join(",")}`).join("; "),
        ],
        ["Age", formatAge(app.createdAt, context.runtime.clock.now())],
        ["Tags", app.tags.join(", ")],
      ]),
  });
}
