import { UserError } from "../../lib/errors.ts";
import type { NpmPin } from "../npm_package.ts";

/** A platform that there are releases for. */
export interface Target {
  /** As in the names of archives. */
  name: string;
  /** As Deno names it. */
  triple: string;
  isWindows: boolean;
  /** Loader of the GNU C library; null where no such thing is asked for. */
  loader: string | null;
  /** npm package with the official Deno runtime. */
  runtime: NpmPin;
}

/** The Deno that releases carry, and that they are built and tested with. */
export const DENO_VERSION = "2.9.5";

export const TARGETS: readonly Target[] = [
  {
    name: "linux-x64",
    triple: "x86_64-unknown-linux-gnu",
    isWindows: false,
    loader: "/lib64/ld-linux-x86-64.so.2",
    runtime: runtime(
      "@deno/linux-x64-glibc",
      "TDqcnoLe3jlgqYEQm7H7MK6q0JOth+o8iSZzknRODnVkJfPiNnjVn1M1Zc6vnp+ipkyb6Av1/CUlHgHtlq59Gw==",
    ),
  },
  {
    name: "linux-arm64",
    triple: "aarch64-unknown-linux-gnu",
    isWindows: false,
    loader: "/lib/ld-linux-aarch64.so.1",
    runtime: runtime(
      "@deno/linux-arm64-glibc",
      "IuYjsz9PGl7CJcNXMuN27KNDB8Q40brK3SG3l+TXMDVW61ZKwcn0fQHBHnXFiiygEwI8by/fKnASEluhZB1atw==",
    ),
  },
  {
    name: "darwin-x64",
    triple: "x86_64-apple-darwin",
    isWindows: false,
    loader: null,
    runtime: runtime(
      "@deno/darwin-x64",
      "gbdlxWZuAZFiJiZtTT00Mv/aC7f/31+pyqJGQKlZr5X33WeTo5B0GG+efcX3P1UZceRKHuPEAQ1B/M2oRt8r9Q==",
    ),
  },
  {
    name: "darwin-arm64",
    triple: "aarch64-apple-darwin",
    isWindows: false,
    loader: null,
    runtime: runtime(
      "@deno/darwin-arm64",
      "SX98qSdBT1lw9x6NwGwx2xIayl1kRimdRnFohYlJ6nt3mLKzTKHHKQwQs5D2pEY7mbUGGbYe9brM2kfN75pPkg==",
    ),
  },
  {
    name: "windows-x64",
    triple: "x86_64-pc-windows-msvc",
    isWindows: true,
    loader: null,
    runtime: runtime(
      "@deno/win32-x64",
      "LkcERsH0olOgevg9L9eootSr1U8ydyfnX1bS3mFqU+lGBeTYtlec5b/QF473WUOGVgPlWECrkxi4As5kEaFOzg==",
    ),
  },
];

function runtime(name: string, sha512: string): NpmPin {
  return { name, version: DENO_VERSION, sha512 };
}

/** @throws {UserError} `usage` for a name that is none. */
export function targetNamed(name: string): Target {
  const target = TARGETS.find((one) => one.name === name);
  if (target !== undefined) return target;
  throw new UserError("usage", `There is no target "${name}"`, {
    hint: `Use ${TARGETS.map((one) => one.name).join(", ")}`,
  });
}

/** The target of this machine; null when there is none. */
export function hostTarget(): Target | null {
  return TARGETS.find(({ triple }) => triple === Deno.build.target) ?? null;
}
