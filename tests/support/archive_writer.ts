/** A process that writes an archive without an end, until it is killed: `FILE [SPLIT_BYTES]`. */

import { writeArchive } from "../../lib/content/archive/write_archive.ts";
import { systemCrypto } from "../../lib/runtime/crypto.ts";
import { systemFiles } from "../../lib/runtime/files.ts";
import { memberOf, noise } from "./sample_bundle.ts";

const [path = "", split] = Deno.args;

async function* members() {
  for (let at = 0;; at++) {
    yield await Promise.resolve(memberOf(`blob-${at}`, noise(300_000, at), true));
    if (at === 10) Deno.stdout.writeSync(new TextEncoder().encode("started\n"));
  }
}

await writeArchive(path, members(), {
  level: 3,
  mtimeSeconds: 0,
  files: systemFiles(),
  crypto: systemCrypto(),
  ...(split === undefined ? {} : { splitBytes: Number(split) }),
});
