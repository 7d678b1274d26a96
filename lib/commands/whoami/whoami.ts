import { getUser, getUserInfo } from "../../api/users.ts";
import { formatFields } from "../../output/table.ts";
import type { CommandContext } from "../context.ts";

/** Checks the key with the server and tells whose it is. */
export async function showWhoami(context: CommandContext): Promise<void> {
  const session = await context.session();
  const palette = await context.tenantPalette();
  const info = await getUserInfo(palette);
  const user = await getUser(palette, info.userUid);
  const { activeProject } = await import("../palette_client.ts");
  const project = (await activeProject(session, palette))?.name ?? null;
  await context.printer.result({
    document: () => ({
      email: user.email,
      name: user.name,
      userUid: info.userUid,
      organization: info.organization,
      tenantUid: info.tenantUid,
      endpoint: session.endpoint.origin,
      scope: project === null ? "tenant" : "project",
      project,
      source: session.source,
    }),
    text: () =>
      formatFields([
        ["User", user.email],
        ["Name", user.name],
        ["Organization", info.organization],
        ["Endpoint", session.endpoint.origin],
        ["Project", project ?? ""],
        ["Key from", session.source],
      ]),
  });
}
