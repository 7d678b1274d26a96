/** Releases of the real shape with next to nothing in them, for tests of what installs them. */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import { openssl } from "./openssl.ts";

type Entry = Parameters<typeof packTar>[0][number];

/** What the installer finds on this machine. */
export const HOST_TARGET = `linux-${Deno.build.arch === "aarch64" ? "arm64" : "x64"}`;

export interface ReleaseOptions {
  version?: string;
  target?: string;
  /** Contents of files of the archive by path below its top folder, beside the usual ones. */
  files?: Record<string, string | Uint8Array>;
  /** Paths that are left out. */
  without?: string[];
  /** Put into the archive as they are. */
  entries?: Entry[];
  /** Private key (PEM) for `SHA256SUMS.sig`. */
  key?: string;
}

/** The usual files of an archive; the program prints its version, else its arguments. */
export function standInFiles(version: string): Record<string, string | Uint8Array> {
  return {
    "LICENSE": "licence\n",
    "completions/_palette": `#compdef palette\n# zsh ${version}\n`,
    "completions/palette.bash": `# bash ${version}\n`,
    "completions/palette.fish": `# fish ${version}\n`,
    "completions/palette.ps1": `# powershell ${version}\n`,
    "lib/deno": `runtime of ${version}\n`,
    "lib/palette.js": `// palette ${version}\n`,
    "man/man1/palette-login.1": `.\\" login ${version}\n`,
    "man/man1/palette.1": `.\\" ${version}\n`,
    "palette": `#!/bin/sh
if [ "$*" = version ]; then echo "Palette CLI version: ${version}"; exit; fi
printf '<%s>\\n' "$@"
exit 7
`,
  };
}

/** Adds an archive to the release in a folder, and writes its sums and signature anew. */
export async function writeRelease(folder: string, options: ReleaseOptions = {}): Promise<void> {
  const { version = "1.2.3", target = HOST_TARGET } = options;
  await Deno.mkdir(folder, { recursive: true });
  const archive = await standInArchive(options);
  await Deno.writeFile(`${folder}/palette-${version}-${target}.tar.gz`, archive);
  await Deno.writeTextFile(`${folder}/palette-${version}-${target}.cdx.json`, "{}\n");
  await writeSums(folder, options.key);
}

/** Writes `SHA256SUMS` over what is in a folder, and its signature. */
export async function writeSums(folder: string, key?: string): Promise<void> {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.startsWith("palette-")).sort();
  const lines = names.map((name) => {
    const digest = createHash("sha256").update(Deno.readFileSync(`${folder}/${name}`)).digest(
      "hex",
    );
    return `${digest}  ${name}\n`;
  });
  const sums = `${folder}/SHA256SUMS`;
  await Deno.writeTextFile(sums, lines.join(""));
  if (key === undefined) return;
  await openssl("dgst", "-sha256", "-sign", key, "-out", `${sums}.sig`, sums);
}

/** The bytes of an archive; the same each time. */
export async function standInArchive(
  { version = "1.2.3", target = HOST_TARGET, files = {}, without = [], entries = [] }:
    ReleaseOptions,
): Promise<Uint8Array> {
  const top = `palette-${version}-${target}`;
  const all = Object.entries({ ...standInFiles(version), ...files })
    .filter(([path]) => !without.includes(path));
  const tar = await packTar([
    ...all.map(([path, content]): Entry => {
      const body = typeof content === "string" ? new TextEncoder().encode(content) : content;
      const mode = path === "palette" || path === "lib/deno" ? 0o755 : 0o644;
      return {
        header: { name: `${top}/${path}`, size: body.length, mode, mtime: new Date(0) },
        body,
      };
    }),
    ...entries,
  ]);
  return gzipSync(tar);
}
