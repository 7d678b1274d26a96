import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../lib/errors.ts";
import { parseRegistryAddress } from "../../lib/oci/registry_address.ts";

for (const port of ["0", "65536", "99999"]) {
  Deno.test(`parseRegistryAddress() refuses port ${port}`, () => {
    const text = `127.0.0.1:${port}/x`;
    const error = assertThrows(() => parseRegistryAddress(text, "--registry"), UserError);
    assertEquals([error.code, error.message], [
      "validation",
      `Cannot use "${text}" of --registry: ${port} is no port`,
    ]);
  });
}

Deno.test("parseRegistryAddress() takes the ports that there are", () => {
  for (const host of ["127.0.0.1:1", "127.0.0.1:65535", "[::1]", "[::1]:5000"]) {
    assertEquals(parseRegistryAddress(`${host}/x`, "--registry").host, host);
  }
});
