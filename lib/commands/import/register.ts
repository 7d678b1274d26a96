import { reasonOf, UserError } from "../../errors.ts";
import type { PaletteClient } from "../../api/client.ts";
import {
  createImportedCluster,
  getImportedCluster,
  getImportManifest,
} from "../../api/imported_clusters.ts";
import { isNotFound } from "../../api/api_error.ts";
import { deleteCluster } from "../../api/virtual_clusters.ts";
import { formatDuration } from "../../output/age.ts";
import type { CommandContext } from "../context.ts";
import { progressOf } from "../wait.ts";
import type { ImportPlan } from "./plan.ts";

/** What became of a registration. */
export interface Registration {
  /** Uid of what is in Palette now; null when nothing is. */
  uid: string | null;
  /** Null when the cluster got its agent. */
  error: UserError | null;
}

/** What to do about a name that another cluster has. */
export const NAME_TAKEN_HINT = "Pass --uuid to keep the names apart, or --name with another one";

/** Palette makes the manifest within seconds. */
const MANIFEST_POLL_MS = 2_000;
const MANIFEST_TIMEOUT_MS = 120_000;
/** How long a stopped run may take to delete a registration. */
const UNDO_MS = 15_000;

/**
 * Registers a cluster and installs Palette's agent in it. When anything after the registration
 * fails, or the run is stopped, the registration is deleted again.
 * @throws {UserError} When it could not be registered: there is nothing to undo.
 */
export async function registerCluster(
  plan: ImportPlan,
  palette: PaletteClient,
  context: CommandContext,
): Promise<Registration> {
  const { signal, log } = context;
  const { name } = plan;
  // Stopped half-way, a creation would leave a cluster whose uid nobody knows.
  const steady = palette.endedBy(new AbortController().signal);
  context.allowCleanUp(UNDO_MS);
  const uid = await create(name, steady);
  log.info("registered a cluster", { name, uid });
  let isApplying = false;
  try {
    const manifest = await waitForManifest({ name, uid }, palette, context);
    isApplying = true;
    await plan.kubectl.apply(manifest);
  } catch (error) {
    const reason = signal.aborted ? stopped(name) : error;
    const left = await undo({ name, uid }, steady, context);
    if (!(reason instanceof UserError)) throw reason;
    return {
      uid: left === null ? null : uid,
      error: undone(reason, { name, uid, left, isApplying }),
    };
  }
  log.info("applied the import manifest", { name, uid });
  return { uid, error: null };
}

async function create(name: string, palette: PaletteClient): Promise<string> {
  try {
    return await createImportedCluster(palette, { name });
  } catch (error) {
    const hint = error instanceof UserError ? hintOf(error, name) : null;
    if (hint === null) throw error;
    const { code, message } = error as UserError;
    throw new UserError(code, message, { hint, cause: error });
  }
}

function hintOf({ code }: UserError, name: string): string | null {
  if (code === "conflict") return NAME_TAKEN_HINT;
  // The answer may have got lost, not the request.
  return code === "network"
    ? `Look in Palette whether "${name}" was registered before you try again`
    : null;
}

/** @throws {UserError} `timeout` when there is none in time; `api` for something else. */
async function waitForManifest(
  { name, uid }: { name: string; uid: string },
  palette: PaletteClient,
  context: CommandContext,
): Promise<string> {
  const { clock } = context.runtime;
  const progress = progressOf(context);
  const startMs = clock.monotonicMs();
  try {
    for (;;) {
      context.signal.throwIfAborted();
      const { status, message, hasManifest } = await getImportedCluster(palette, uid);
      if (status === "Failed") {
        throw new UserError(
          "api",
          `Palette failed to import "${name}": ${message || "status Error"}`,
          { hint: "Run it again; when it fails again, ask an administrator of Palette" },
        );
      }
      const manifest = hasManifest ? await getImportManifest(palette, uid) : null;
      if (manifest !== null) return checked(manifest, name);
      const elapsedMs = clock.monotonicMs() - startMs;
      if (elapsedMs + MANIFEST_POLL_MS > MANIFEST_TIMEOUT_MS) {
        throw new UserError(
          "timeout",
          `Palette has no import manifest for "${name}" after ${
            formatDuration(MANIFEST_TIMEOUT_MS)
          }`,
          { hint: "Run it again later" },
        );
      }
      progress.show(`Cluster "${name}": waiting for its manifest (${formatDuration(elapsedMs)})`);
      await clock.sleep(MANIFEST_POLL_MS, context.signal);
    }
  } finally {
    progress.end();
  }
}

/** A page of a proxy must not get as far as kubectl. */
function checked(manifest: string, name: string): string {
  if (/^apiVersion:/m.test(manifest) && /^kind:/m.test(manifest)) return manifest;
  throw new UserError("api", `What Palette sent as import manifest of "${name}" is none`, {
    hint: "A proxy may stand between; --log-level trace logs each request",
  });
}

/** @returns Why it could not be deleted; null when it is gone. */
async function undo(
  { name, uid }: { name: string; uid: string },
  palette: PaletteClient,
  context: CommandContext,
): Promise<string | null> {
  if (context.signal.aborted) {
    context.printer.notice(`stopped; taking cluster "${name}" (${uid}) out of Palette again`);
  }
  try {
    await deleteCluster(palette, uid);
    context.log.info("deleted the registration", { name, uid });
    return null;
  } catch (error) {
    return isNotFound(error) ? null : reasonOf(error);
  }
}

function stopped(name: string): UserError {
  return new UserError("aborted", `Stopped before cluster "${name}" was imported`);
}

interface Undone {
  name: string;
  uid: string;
  /** Why it is still there. */
  left: string | null;
  /** Part of the manifest may have been applied. */
  isApplying: boolean;
}

/** The reason with what was done about it. */
function undone(reason: UserError, { name, uid, left, isApplying }: Undone): UserError {
  const { code, message } = reason;
  if (left !== null) {
    return new UserError(code, `${message}; "${name}" is still in Palette (${uid}): ${left}`, {
      hint: "Delete it in the Palette console, then try again",
      cause: reason,
    });
  }
  const hints = [reason.hint, isApplying ? "What was applied until then stays in the cluster" : ""];
  const hint = hints.filter(Boolean).join(". ");
  return new UserError(code, `${message}; "${name}" was taken out of Palette again`, {
    ...(hint === "" ? {} : { hint }),
    cause: reason,
  });
}
