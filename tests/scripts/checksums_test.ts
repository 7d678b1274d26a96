import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../lib/errors.ts";
import { publishBuild } from "../../scripts/checksums.ts";
import { openssl } from "../support/openssl.ts";
import { hasProgram } from "../support/programs.ts";
import { TempFolder } from "../support/portable_tree.ts";
import { namesIn } from "../support/temp_folder.ts";

/** SHA-256 of "abc", a known answer of FIPS 180-4. */
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/** A build of one file, where an earlier build left another and a signature. */
async function arrange(path: string): Promise<{ built: string; folder: string }> {
  const [built, folder] = [`${path}/built`, `${path}/release`];
  for (const each of [built, folder]) await Deno.mkdir(each);
  await Deno.writeTextFile(`${built}/palette-2.tar.gz`, "abc");
  for (const name of ["SHA256SUMS", "SHA256SUMS.sig", "notes.txt", "palette-1.tar.gz"]) {
    await Deno.writeTextFile(`${folder}/${name}`, "old");
  }
  return { built, folder };
}

Deno.test("publishBuild() replaces an earlier build, and what lies beside it stays", async () => {
  await using temp = await TempFolder.make();
  const { built, folder } = await arrange(temp.path);
  assertEquals(await publishBuild(built, folder, undefined), ["palette-2.tar.gz", "SHA256SUMS"]);
  assertEquals(namesIn(folder), ["SHA256SUMS", "notes.txt", "palette-2.tar.gz"]);
  assertEquals(await Deno.readTextFile(`${folder}/SHA256SUMS`), `${ABC}  palette-2.tar.gz\n`);
  assertEquals(namesIn(built), []);
});

Deno.test("publishBuild() signs; with a key that is none an earlier build stays (needs openssl)", {
  ignore: !hasProgram("openssl"),
}, async () => {
  await using temp = await TempFolder.make();
  const { built, folder } = await arrange(temp.path);
  const before = namesIn(folder);
  const key = `${temp.path}/key.pem`;
  await Deno.writeTextFile(key, "no key");
  await assertRejects(() => publishBuild(built, folder, key), UserError);
  assertEquals(namesIn(folder), before);
  assertEquals(await Deno.readTextFile(`${folder}/SHA256SUMS`), "old");
  const curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
  await openssl("genpkey", ...curve, "-out", key);
  await openssl("pkey", "-in", key, "-pubout", "-out", `${temp.path}/public.pem`);
  const names = ["palette-2.tar.gz", "SHA256SUMS.sig", "SHA256SUMS"];
  assertEquals(await publishBuild(built, folder, key), names);
  const [sums, signature] = [`${folder}/SHA256SUMS`, `${folder}/SHA256SUMS.sig`];
  const check = ["-verify", `${temp.path}/public.pem`, "-signature", signature];
  await openssl("dgst", "-sha256", ...check, sums);
});
