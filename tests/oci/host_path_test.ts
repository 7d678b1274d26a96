import { assertEquals } from "@std/assert";
import { hostPath, isHostPath } from "../../lib/oci/host_path.ts";
import { isRepository } from "../../lib/oci/reference.ts";

Deno.test("hostPath() keeps a host, sets its port apart, and gives what a repository may be", () => {
  const paths = {
    "docker.io": "docker.io",
    "10.1.2.3:30003": "10.1.2.3_30003",
    "localhost": "localhost",
    "localhost:5000": "localhost_5000",
    "Registry.Example.com": "registry.example.com",
    "[::1]:5000": "1_5000",
  };
  for (const [host, path] of Object.entries(paths)) {
    assertEquals(hostPath(host), path);
    assertEquals([isRepository(`${path}/app`), isHostPath(path)], [true, true]);
  }
  assertEquals(isHostPath("spectro-packs"), false);
});
