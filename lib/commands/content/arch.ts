import { UserError } from "../../errors.ts";
import type { BundleItem } from "../../content/bundle.ts";

const ARCHES = ["amd64", "arm64"] as const;

export type Arch = typeof ARCHES[number];

/**
 * The value of `--arch`; null for all.
 * @throws {UserError} `validation`
 */
export function archOf(text: string | undefined): Arch | null {
  if (text === undefined) return null;
  const arch = ARCHES.find((known) => known === text);
  if (arch !== undefined) return arch;
  throw new UserError("validation", `Unsupported architecture "${text}": use amd64 or arm64`);
}

/** Whether an item is for an architecture, or for none in particular. */
export function isForArch({ descriptor }: BundleItem, arch: Arch | null): boolean {
  return arch === null || descriptor.platform === undefined ||
    descriptor.platform.architecture === arch;
}
