import { type App, type AppState, getApp, listApps } from "../../../api/app_deployments.ts";
import type { CommandContext } from "../../context.ts";
import { lookUp, type Wanted } from "../../lookup.ts";
import type { ProjectPalette } from "../../palette_client.ts";
import { type Look, waitFor, type WaitOptions } from "../../wait.ts";
import { APP } from "../names.ts";

/** An app as flags name it. */
export interface AppChoice extends Wanted {
  project?: string | undefined;
}

export interface FoundApp extends ProjectPalette {
  app: App;
}

/** The app that is meant, and a client in its project. */
export async function findApp(
  { project, ...wanted }: AppChoice,
  context: CommandContext,
): Promise<FoundApp> {
  const scope = await context.projectPalette(project);
  const app = await lookUp(wanted, {
    kind: APP,
    place: scope.place,
    list: (name) => listApps(scope.palette, name),
    detail: ({ virtualCluster }) => virtualCluster.name,
  }, context);
  return { ...scope, app };
}

/** A tier in error may recover; after so many looks in a row it counts as failed. */
const MAX_ERROR_LOOKS = 6;

/** Waits until an app is deployed, every tier of it. */
export async function waitForApp(
  { palette, app }: { palette: ProjectPalette["palette"]; app: { name: string; uid: string } },
  options: WaitOptions,
  context: CommandContext,
): Promise<AppState> {
  let errorLooks = 0;
  const look = async (): Promise<Look<AppState>> => {
    const state = await getApp(palette, app.uid);
    const { status, error, isReady } = state;
    if (status === "Deployed" && isReady) return { is: "done", value: state };
    errorLooks = error === null ? 0 : errorLooks + 1;
    return error !== null && errorLooks >= MAX_ERROR_LOOKS
      ? { is: "failed", status, reason: error }
      : { is: "going-on", status };
  };
  return await waitFor({ what: `${APP} "${app.name}"`, goal: "Deployed", look }, options, context);
}
