import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";

export type TarEntries = Parameters<typeof packTar>[0];

/** Files of a pack that is as packs are. */
export function packFiles(
  given: Record<string, string | Uint8Array | null> = {},
): Record<string, string | Uint8Array> {
  const all: Record<string, string | Uint8Array | null> = {
    "pack.json": JSON.stringify({
      name: "elastic-operator",
      displayName: "Elastic",
      version: "2.12.1",
      layer: "addon",
    }),
    "values.yaml": `pack:
  content:
    images:
      - image: docker.elastic.co/eck/eck-operator:2.12.1
    charts:
      - {repo: https://helm.elastic.co/, name: eck-operator, version: 2.10}
`,
    "logo.png": new Uint8Array([1, 2, 3]),
    ...given,
  };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string | Uint8Array] =>
      entry[1] !== null
    ),
  );
}

/** Writes files below a folder. */
export async function writeFolder(
  folder: string,
  files: Record<string, string | Uint8Array>,
): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    const full = `${folder}/${path}`;
    await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(
      full,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  }
  return folder;
}

/** A tar.gz of some files. */
export async function tarGzipOf(
  files: Record<string, string | Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  return await tarGzipOfEntries(
    Object.entries(files).map(([name, content]) => {
      const body = typeof content === "string" ? new TextEncoder().encode(content) : content;
      return { header: { name, size: body.length }, body };
    }),
  );
}

export async function tarGzipOfEntries(entries: TarEntries): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(gzipSync(await packTar(entries)));
}
