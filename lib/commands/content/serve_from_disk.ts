import { UserError } from "../../errors.ts";
import type { Bundle, BundleItem } from "../../content/bundle.ts";
import { fillLayout } from "../../content/fill_layout.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { Layout } from "../../oci/layout.ts";
import type { RegistryOptions } from "../../oci/server/answer_registry.ts";
import { LayoutRegistry } from "../../oci/server/layout_registry.ts";
import type { ServedItem } from "../../oci/server/served_content.ts";
import { joinPath } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import { expandPath } from "../paths.ts";
import { progressOf } from "../wait.ts";
import { warnOfThin } from "./warn_of_thin.ts";

export interface DiskOptions {
  disk: string;
  isWritable: boolean;
  progress: boolean | undefined;
  nameItem: (entry: Descriptor) => Promise<ServedItem | null>;
}

/**
 * Copies a bundle into a layout and serves that: all of it, so also what was copied or pushed there
 * before.
 */
export async function serveFromDisk(
  bundle: Bundle,
  items: BundleItem[],
  { disk, isWritable, progress, nameItem }: DiskOptions,
  context: CommandContext,
): Promise<{
  parts: Pick<RegistryOptions, "content" | "target">;
  count: number;
  end: () => Promise<void>;
}> {
  const { files, crypto } = context.runtime;
  const folder = expandPath(disk, context.runtime);
  const layout = await Layout.make(folder, { files, crypto });
  // Two of them would not know what the other one took in.
  const lock = await files.tryLock(joinPath(folder, "serve.lock"));
  if (lock === null) {
    throw new UserError("busy", `Cannot use "${disk}": another palette content serve uses it`, {
      hint: "Stop that one, or name another folder",
    });
  }
  try {
    await warnOfThin(bundle, "pulls of what needs them fail", context, [layout]);
    await fill();
    const registry = await LayoutRegistry.open(layout, {
      files,
      crypto,
      warn: (text) => context.printer.warn(text),
      nameItem,
    });
    return {
      parts: { content: registry, ...(isWritable ? { target: registry } : {}) },
      count: items.length,
      async end() {
        await registry.uploads.clear();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }

  async function fill(): Promise<void> {
    const { signal, runtime } = context;
    const shows = progressOf(context);
    const isTerminal = runtime.streams.stderr.isTerminal;
    const isTold = progress ?? isTerminal;
    // Elsewhere every change is a line of its own.
    const step = isTerminal ? 1 : 10;
    let told = -1;
    await fillLayout(bundle, items, layout, {
      files,
      crypto,
      signal,
      onProgress(doneBytes, allBytes) {
        const percent = Math.floor((doneBytes * 100) / allBytes / step) * step;
        if (!isTold || percent === told) return;
        told = percent;
        shows.show(`Filling ${disk}: ${percent} %`);
      },
    });
    if (isTold) shows.end();
  }
}
