import { assert, assertEquals } from "@std/assert";
import {
  formatEncryptionBlock,
  MalformedBlock,
  parseEncryptionBlock,
} from "../../lib/secrets/encryption_block.ts";
import { keyringOf, OTHER_PASSPHRASE, PASSPHRASE } from "../support/home.ts";

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const CHOICE = { salt: new Uint8Array(16).fill(7), iterations: 600_000 };

Deno.test("tryUnlock() opens a block for its passphrase and for no other", async () => {
  const keyring = keyringOf(PASSPHRASE);
  const { block } = await keyring.create(PASSPHRASE, CHOICE);
  assert(await keyring.tryUnlock(block, PASSPHRASE) !== null);
  assertEquals(await keyring.tryUnlock(block, OTHER_PASSPHRASE), null);
});

Deno.test("the right passphrase opens no block whose verifier differs in one character", async () => {
  const keyring = keyringOf(PASSPHRASE);
  const fields = formatEncryptionBlock((await keyring.create(PASSPHRASE, CHOICE)).block);
  const { verifier } = fields;
  const outcomes = { refused: 0, locked: 0 };
  for (let at = 0; at < verifier.length; at++) {
    for (const character of BASE64URL.replace(verifier[at] ?? "", "")) {
      const changed = verifier.slice(0, at) + character + verifier.slice(at + 1);
      try {
        const block = parseEncryptionBlock({ ...fields, verifier: changed });
        assertEquals(await keyring.tryUnlock(block, PASSPHRASE), null, changed);
        outcomes.locked++;
      } catch (error) {
        if (!(error instanceof MalformedBlock)) throw error;
        outcomes.refused++;
      }
    }
  }
  // Of the last character's six bits four are unused: what sets them is not canonical.
  assertEquals(outcomes, { refused: 60, locked: 21 * 63 + 3 });
});
