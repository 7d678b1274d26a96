import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";

/** An npm tarball of some files, and its checksum as npm records it. */
export async function tarballOf(
  files: Record<string, string>,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; sha512: string }> {
  const tar = await packTar(
    Object.entries(files).map(([name, body]) => ({
      header: { name, size: new TextEncoder().encode(body).length, mode: 0o644 },
      body,
    })),
  );
  const bytes = new Uint8Array(gzipSync(tar));
  return { bytes, sha512: createHash("sha512").update(bytes).digest("base64") };
}
