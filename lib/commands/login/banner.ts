import { getSystemBanner, getTenantBanner, type LoginBanner } from "../../api/system.ts";
import { UserError } from "../../errors.ts";
import type { CommandContext } from "../context.ts";
import type { Connection } from "./connection.ts";

/**
 * Shows the banners of the installation and the tenant, which have to be accepted before anything is
 * written.
 * @throws {UserError} `aborted`
 */
export async function acknowledgeBanners(
  isAcknowledged: boolean,
  { palette, info }: Connection,
  { printer, prompter }: CommandContext,
): Promise<void> {
  const found = await Promise.all([
    getSystemBanner(palette),
    getTenantBanner(palette, info.tenantUid),
  ]);
  const banners = distinct(found.filter((banner) => banner !== null));
  if (banners.length === 0) return;
  const isShown = printer.format === "table" || (prompter !== null && !isAcknowledged);
  for (const { title, message } of isShown ? banners : []) {
    printer.show([title, message].filter((text) => text !== "").join("\n\n"));
  }
  if (isAcknowledged) return;
  if (prompter === null) {
    throw new UserError("aborted", "Login banner must be acknowledged (--acknowledge-banner)", {
      hint: "Read it, then pass --acknowledge-banner",
    });
  }
  if (await prompter.confirm({ label: "Acknowledge", default: false })) return;
  throw new UserError("aborted", "Login banner was not acknowledged; nothing was written");
}

function distinct(banners: LoginBanner[]): LoginBanner[] {
  return banners.filter((banner, at) =>
    banners.findIndex(({ title, message }) =>
      title === banner.title && message === banner.message
    ) === at
  );
}
