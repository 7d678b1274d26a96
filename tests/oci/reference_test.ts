import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../lib/errors.ts";
import { formatReference, parseReference } from "../../lib/oci/reference.ts";

for (
  const [text, full] of [
    ["nginx", "docker.io/library/nginx:latest"],
    ["org/x:1", "docker.io/org/x:1"],
    ["index.docker.io/nginx:1", "docker.io/library/nginx:1"],
    ["localhost/x:1", "localhost/x:1"],
    ["[::1]:5000/x:1", "[::1]:5000/x:1"],
    ["127.0.0.1:65535/a/b:1", "127.0.0.1:65535/a/b:1"],
    [`r.io/x:1@sha256:${"a".repeat(64)}`, `r.io/x:1@sha256:${"a".repeat(64)}`],
  ]
) {
  Deno.test(`parseReference("${text}")`, () => {
    assertEquals(formatReference(parseReference(text ?? "")), full);
  });
}

for (
  const [text, reason] of [
    ["127.0.0.1:99999/x:1", "99999 is no port"],
    ["r.io:0/x", "0 is no port"],
    ["r.io/x:", '"" is no tag'],
    ["r.io/X:1", '"X" is no repository'],
    ["r.io/x@sha256:12", "its digest is no sha256 digest"],
  ]
) {
  Deno.test(`parseReference() refuses "${text}"`, () => {
    const error = assertThrows(() => parseReference(text ?? ""), UserError);
    assertEquals([error.code, error.message], [
      "validation",
      `Cannot use "${text}" as an image reference: ${reason}`,
    ]);
  });
}
