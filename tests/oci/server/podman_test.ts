import { assertEquals } from "@std/assert";
import { startContentRegistry } from "../../support/content_registry.ts";
import { MemoryContent } from "../../support/memory_content.ts";
import { hasProgram, runProgram } from "../../support/programs.ts";
import { inTempFolder } from "../../support/temp_folder.ts";

Deno.test({
  name: "podman pulls from it as a mirror of the hosts that images come from (needs podman, root)",
  // Without root podman needs ranges of ids that not every machine has.
  ignore: !hasProgram("podman") || Deno.uid() !== 0,
  fn: () =>
    inTempFolder(async (folder) => {
      const content = new MemoryContent();
      const image = await content.putImage(["hello", "world"]);
      await using registry = await startContentRegistry(content, [
        { repository: "docker.io/library/nginx", tag: "1.25", descriptor: image },
        { repository: "quay.example/a/b", tag: "1", descriptor: image },
      ]);
      await Deno.writeTextFile(
        `${folder}/registries.conf`,
        `[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "${registry.host}/bundle/docker.io"
insecure = true
[[registry]]
prefix = "quay.example"
location = "quay.example"
[[registry.mirror]]
location = "${registry.host}"
insecure = true
`,
      );
      await Deno.writeTextFile(
        `${folder}/policy.json`,
        JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }),
      );
      const podman = async (...args: string[]) => {
        const { status, stdout, stderr } = await runProgram("podman", [
          ...["--root", `${folder}/root`, "--runroot", `${folder}/run`, "--storage-driver", "vfs"],
          ...args,
        ], { CONTAINERS_REGISTRIES_CONF: `${folder}/registries.conf`, TMPDIR: folder });
        if (status !== 0) throw new Error(`podman ${args.join(" ")}: ${stderr}`);
        return stdout;
      };
      for (const name of ["docker.io/library/nginx:1.25", "quay.example/a/b:1"]) {
        await podman("pull", "--quiet", "--signature-policy", `${folder}/policy.json`, name);
        const inspected = await podman("image", "inspect", "--format", "{{.Digest}}", name);
        assertEquals(inspected, `${image.digest}\n`);
      }
      assertEquals(registry.warnings, []);
      assertEquals(registry.requests.filter((line) => line.includes("/manifests/")), [
        "GET /v2/bundle/docker.io/library/nginx/manifests/1.25 200",
        "GET /v2/a/b/manifests/1 200",
      ]);
    }),
});
