import { writeArchive } from "../../lib/content/archive/write_archive.ts";
import { systemCrypto } from "../../lib/runtime/crypto.ts";
import { systemFiles } from "../../lib/runtime/files.ts";
import { type SampleBundle, sampleBundle } from "./sample_bundle.ts";

/** Writes the sample bundle as an archive of ours. */
export async function writeBundleFile(
  path: string,
  bundle: SampleBundle = sampleBundle(),
): Promise<SampleBundle> {
  await writeArchive(path, ReadableStream.from(bundle.members), {
    level: 3,
    mtimeSeconds: 0,
    files: systemFiles(),
    crypto: systemCrypto(),
  });
  return bundle;
}
