import { getServerVersion } from "../../api/system.ts";
import { SecretFile } from "../../config/secret_file.ts";
import type { CommandContext } from "../context.ts";
import { acknowledgeBanners } from "./banner.ts";
import { choose } from "./choices.ts";
import { connect } from "./connection.ts";
import { type LoginOptions, resolveInputs } from "./options.ts";
import { settlePassphrase } from "./passphrase.ts";
import { writeSession } from "./write_session.ts";

/** Palette versions this program was made for, as `major.minor`. */
const TESTED = { from: [4, 5], to: [4, 10] } as const;

/**
 * Logs in. Nothing is written before everything is settled, so a failure leaves the file of an
 * earlier login untouched.
 */
export async function login(options: LoginOptions, context: CommandContext): Promise<void> {
  const inputs = await resolveInputs(options, context);
  const old = await oldFile(context);
  // First, so that a passphrase that will not do costs no network call.
  const fresh = await settlePassphrase(old, context);
  const connection = await connect(inputs, context);
  const choices = await choose(inputs, connection, context);
  await acknowledgeBanners(inputs.acknowledgeBanner, connection, context);
  const version = await getServerVersion(connection.palette);
  if (version !== null && !isTested(version)) {
    context.printer.warn(
      `this Palette is version ${version}; this program was tested with ${
        TESTED.from.join(".")
      } to ${TESTED.to.join(".")}`,
    );
  }
  await context.useWorkspace();
  const { ubuntuProToken } = inputs;
  const { dropped } = await writeSession(
    { connection, choices, ubuntuProToken, fresh },
    context,
  );
  const { project, clusterGroup, organization } = choices;
  await context.printer.result({
    document: () => ({
      endpoint: connection.address.endpoint.origin,
      organization,
      tenantUid: connection.info.tenantUid,
      scope: project === null ? "tenant" : "project",
      project: project === null ? null : { ...project },
      clusterGroup: clusterGroup === null ? null : { ...clusterGroup },
      configFile: context.workspace.configFile,
      dropped,
    }),
    text: () => "Welcome to Spectro Cloud Palette\n",
  });
}

/** The file of an earlier login; read before anything is asked, so that a broken one costs nothing. */
async function oldFile(context: CommandContext): Promise<SecretFile> {
  const path = context.workspace.configFile;
  const stored = await (await context.store()).read(path);
  return await SecretFile.parse(path, stored?.text ?? null, "palette");
}

function isTested(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const number = major * 1000 + minor;
  return number >= TESTED.from[0] * 1000 + TESTED.from[1] &&
    number <= TESTED.to[0] * 1000 + TESTED.to[1];
}
