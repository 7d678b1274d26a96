import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import {
  definitionAt,
  parseRemoteReference,
} from "../../../lib/commands/content/remote_reference.ts";

for (
  const [text, full] of [
    ["example.com/bundle/bundle-definition:a", "example.com/bundle/bundle-definition:a"],
    ["example.com/bundle:a", "example.com/bundle/bundle-definition:a"],
    ["oci://example.com/bundle:a", "example.com/bundle/bundle-definition:a"],
    ["https://10.1.2.3:30003/spectro-content/", "10.1.2.3:30003/spectro-content/bundle-definition"],
    ["localhost:5000", "localhost:5000/bundle-definition"],
    ["localhost:5000/bundle-definition:a.b", "localhost:5000/bundle-definition:a.b"],
    ["example.com/bundle/a-1.tar.zst", "example.com/bundle/bundle-definition:a-1"],
    ["example.com/a.tar", "example.com/bundle-definition:a"],
  ] as const
) {
  Deno.test(`parseRemoteReference() reads ${text}`, () => {
    assertEquals(definitionAt(parseRemoteReference(text, "--source")), full);
  });
}

for (
  const [text, reason] of [
    ["example.com/bundle:a b", '"a b" is no tag'],
    ["example.com/bundle:", '"" is no tag'],
    ["example.com/Bundle:a", '"Bundle" is no repository'],
    ["exa mple/bundle:a", '"exa mple" is no host'],
  ] as const
) {
  Deno.test(`parseRemoteReference() refuses ${text}`, () => {
    const error = assertThrows(() => parseRemoteReference(text, "--source"), UserError);
    assertEquals([error.code, error.message.includes(reason)], ["validation", true]);
  });
}
