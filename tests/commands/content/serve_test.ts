import { assertEquals, assertMatch } from "@std/assert";
import { writeBundleFile } from "../../support/bundle_file.ts";
import { certificates } from "../../support/certificates.ts";
import { denoRunArgs } from "../../support/deno_process.ts";
import { errorOf, Home } from "../../support/home.ts";
import { hasProgram, runProgram } from "../../support/programs.ts";
import { freePort, serving } from "../../support/serving.ts";
import { hexOf } from "../../../lib/oci/digest.ts";
import { type SampleBundle, sampleBundle } from "../../support/sample_bundle.ts";

const NGINX = "docker.io/library/nginx";
const REPOSITORIES = [
  "bundle/bundle-definition",
  `bundle/${NGINX}`,
  "bundle/us-docker.pkg.dev/p/both",
];

interface World {
  home: Home;
  file: string;
  bundle: SampleBundle;
}

async function inWorld(work: (world: World) => Promise<void>): Promise<void> {
  await using home = await Home.make();
  const file = `${home.root}/bundle.tar.zst`;
  await work({ home, file, bundle: await writeBundleFile(file) });
}

async function json(url: string): Promise<unknown> {
  return await (await fetch(url)).json();
}

function summary(address: string): string {
  return `-----------------------------
Push Summary
-----------------------------
local bundle edge-site pushed to ${address}/bundle
`;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`content serve serves an archive as it is until ${signal}, and exits with 0`, () =>
    inWorld(async (world) => {
      let address = "";
      const before = await world.home.files();
      const result = await serving(world, ["--host", "127.0.0.1"], async (host) => {
        address = host;
        assertEquals(await json(`http://${host}/v2/_catalog`), { repositories: REPOSITORIES });
        const [, layer] = world.bundle.layers;
        const response = await fetch(
          `http://${host}/v2/bundle/us-docker.pkg.dev/p/both/blobs/${layer?.digest}`,
        );
        const bytes = new Uint8Array(await response.arrayBuffer());
        assertEquals(bytes, layer === undefined ? null : world.bundle.blobs.get(layer.digest));
      }, signal);
      assertEquals(result, { ...result, status: 0, stdout: summary(address), stderr: "" });
      assertEquals(await world.home.files(), before);
    }));
}

Deno.test("content serve warns when others can reach it, and serves every address", () =>
  inWorld(async (world) => {
    let port = "";
    const result = await serving(world, [], async (host) => {
      port = host.replace("127.0.0.1", "");
      assertEquals(await (await fetch(`http://${host}/healthz`)).text(), "ok\n");
    });
    assertEquals(result, {
      ...result,
      status: 0,
      stdout: summary(port),
      stderr: `Warning: whoever reaches port ${port.slice(1)} can read this bundle, unencrypted; ` +
        "--tls-cert encrypts, --host 127.0.0.1 keeps it on this machine\n",
    });
  }));

Deno.test("content serve tells programs where it serves what", () =>
  inWorld(async (world) => {
    let address = "";
    const args = ["--host", "127.0.0.1", "--arch", "arm64", "--format", "json"];
    const result = await serving(world, args, async (host) => {
      address = host;
      // The other image is for amd64 alone.
      assertEquals(await json(`http://${host}/v2/_catalog`), {
        repositories: REPOSITORIES.filter((name) => !name.includes("nginx")),
      });
    });
    assertEquals([result.status, result.stderr, JSON.parse(result.stdout)], [0, "", {
      bundle: "edge-site",
      address: `${address}/bundle`,
      port: Number(address.split(":")[1]),
      tls: false,
      items: 2,
      disk: null,
      writable: false,
    }]);
  }));

for (const disk of [[], ["--disk", "~/disk"]]) {
  const flags = ["--arch", "arm64", ...disk];
  Deno.test(`content serve ${flags.join(" ")} looks into configs, and into a definition of that part`, () =>
    inWorld(async (world) => {
      await writeBundleFile(world.file, sampleBundle({ layerBytes: 9, tellsPlatforms: false }));
      const args = ["--host", "127.0.0.1", ...flags];
      const result = await serving(world, args, async (host) => {
        assertEquals(await json(`http://${host}/v2/_catalog`), {
          repositories: REPOSITORIES.filter((name) => !name.includes("nginx")),
        });
        const definition = `http://${host}/v2/bundle/bundle-definition`;
        const { layers: [layer] } = await json(`${definition}/manifests/edge-site`) as {
          layers: { digest: string }[];
        };
        const yaml = await (await fetch(`${definition}/blobs/${layer?.digest}`)).text();
        assertEquals([...yaml.matchAll(/- image: (.*)/g)].map(([, image]) => image), [
          "us-docker.pkg.dev/p/both:v1",
        ]);
      });
      assertEquals([result.status, result.stderr], [0, ""]);
    }));
}

Deno.test("content serve ends at once with its process, a download under way or not", () =>
  inWorld(async ({ home, file, bundle }) => {
    const { PATH = "", HOME = "" } = Deno.env.toObject();
    const port = freePort();
    const main = decodeURIComponent(new URL("../../../main.ts", import.meta.url).pathname);
    const args = ["content", "serve", "-b", file, "--host", "127.0.0.1", "-p", String(port)];
    const child = new Deno.Command(Deno.execPath(), {
      args: denoRunArgs(["-A"], main, ...args),
      clearEnv: true,
      env: {
        PATH,
        HOME: home.root,
        DENO_DIR: Deno.env.get("DENO_DIR") ?? `${HOME}/.cache/deno`,
        DENO_NO_UPDATE_CHECK: "1",
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    // The summary comes once it listens.
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    assertEquals(new TextDecoder().decode(value), summary(`127.0.0.1:${port}`));
    reader.releaseLock();
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const nginx = bundle.blobs.get(bundle.items[1]?.digest ?? "sha256:");
    const { layers: [layer] } = JSON.parse(new TextDecoder().decode(nginx));
    const path = `/v2/bundle/${NGINX}/blobs/${layer.digest}`;
    await connection.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`));
    const buffer = new Uint8Array(15);
    await connection.read(buffer);
    assertEquals(new TextDecoder().decode(buffer), "HTTP/1.1 200 OK");
    const startMs = performance.now();
    child.kill("SIGTERM");
    const { code, stderr } = await child.output();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    assertEquals(performance.now() - startMs < 5_000, true);
  }));

Deno.test("content serve --disk fills a layout, keeps it, and fills only what is missing", () =>
  inWorld(async (world) => {
    const disk = `${world.home.root}/disk`;
    const args = ["--host", "127.0.0.1", "--disk", disk];
    const first = await serving(world, [...args, "--progress"], async (host) => {
      assertEquals(await json(`http://${host}/v2/_catalog`), { repositories: REPOSITORIES });
    });
    assertEquals(first.status, 0);
    assertMatch(first.stderr, /^(Filling .*: \d+ %\n)+$/);
    assertEquals(first.stderr.endsWith(`Filling ${disk}: 100 %\n`), true);
    const blobs = [...Deno.readDirSync(`${disk}/blobs/sha256`)].map(({ name }) => name).sort();
    assertEquals(blobs, [...world.bundle.blobs.keys()].map(hexOf).sort());
    const names = [...Deno.readDirSync(disk)].map(({ name }) => name).sort();
    assertEquals(names, ["blobs", "index.json", "oci-layout", "serve.lock"]);
    const index = JSON.parse(await Deno.readTextFile(`${disk}/index.json`));
    assertEquals(index, JSON.parse(new TextDecoder().decode(world.bundle.index)));
    const again = await serving(world, [...args, "--progress"], async (host) => {
      assertEquals(
        await fetch(`http://${host}/v2/x/blobs/uploads/`, { method: "POST" })
          .then(async (response) => [response.status, (await response.json()).errors[0].code]),
        [
          405,
          "UNSUPPORTED",
        ],
      );
    });
    assertEquals([again.status, again.stderr], [0, ""]);
  }));

Deno.test({
  name: "content serve --writable takes what skopeo pushes, and keeps it",
  ignore: !hasProgram("skopeo"),
  fn: () =>
    inWorld(async (world) => {
      const disk = `${world.home.root}/disk`;
      const args = ["--host", "127.0.0.1", "--disk", disk];
      const result = await serving(world, [...args, "--writable"], async (host) => {
        const { status, stderr } = await runProgram("skopeo", [
          ...["copy", "--src-tls-verify=false", "--dest-tls-verify=false"],
          `docker://${host}/bundle/${NGINX}:1.27`,
          `docker://${host}/bundle/quay.io/mine/app:2`,
        ]);
        assertEquals([status, stderr], [0, ""]);
        const busy = await world.home.run([
          ...["content", "serve", "-b", world.file, "-p", "0", "-d", disk, "-o", "json"],
        ]);
        assertEquals([busy.status, errorOf(busy)["code"], errorOf(busy)["message"]], [
          1,
          "busy",
          `Cannot use "${disk}": another palette content serve uses it`,
        ]);
      });
      assertEquals([result.status, result.stderr], [0, ""]);
      await serving(world, args, async (host) => {
        assertEquals(await json(`http://${host}/v2/bundle/quay.io/mine/app/tags/list`), {
          name: "bundle/quay.io/mine/app",
          tags: ["2"],
        });
      });
    }),
});

Deno.test({
  name: "content serve --tls-cert serves HTTPS",
  ignore: !hasProgram("openssl"),
  fn: () =>
    inWorld(async (world) => {
      const { server, ca } = await certificates();
      const cert = `${world.home.root}/tls.pem`;
      const key = `${world.home.root}/tls.key`;
      await Deno.writeTextFile(cert, server.cert);
      await Deno.writeTextFile(key, server.key);
      const result = await serving(
        world,
        ["--tls-cert", cert, "--tls-key", key],
        async (host) => {
          using client = Deno.createHttpClient({ caCerts: [ca.cert] });
          const response = await fetch(`https://${host}/v2/`, { client });
          assertEquals([response.status, await response.text()], [200, "{}"]);
        },
      );
      assertEquals([result.status, result.stderr], [0, ""]);
    }),
});

Deno.test("content serve refuses what it cannot serve", () =>
  inWorld(async (world) => {
    const { server, otherName } = await certificates();
    const root = world.home.root;
    await Deno.writeTextFile(`${root}/tls.pem`, server.cert);
    await Deno.writeTextFile(`${root}/other.key`, otherName.key);
    await Deno.writeTextFile(`${root}/no.key`, "no key");
    await Deno.writeTextFile(
      `${root}/locked.key`,
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIF\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr as Deno.NetAddr;
    const bundle = ["--bundle", world.file];
    const tls = (key: string) => [
      ...[...bundle, "--tls-cert", `${root}/tls.pem`, "--tls-key", `${root}/${key}`],
    ];
    const cases: [string[], string, string][] = [
      [[], "usage", "--bundle is required"],
      [
        [...bundle, "--arch", "arm"],
        "usage",
        'Unsupported architecture "arm": use amd64 or arm64',
      ],
      [[...bundle, "--port", "65536"], "validation", "--port must be at most 65535, not 65536"],
      [
        [...bundle, "--host", "127.0.0.1", "--port", String(port)],
        "io",
        `Cannot listen on 127.0.0.1:${port}: the port is in use`,
      ],
      [
        [...bundle, "--host", "192.0.2.1"],
        "io",
        "Cannot listen on 192.0.2.1:8080: this machine has no such address",
      ],
      [
        tls("other.key"),
        "validation",
        `Cannot use "${root}/other.key" of --tls-key: it is not the key of "${root}/tls.pem"`,
      ],
      [
        tls("no.key"),
        "validation",
        `Cannot use "${root}/no.key" of --tls-key: there is no PEM private key in it`,
      ],
      [
        tls("locked.key"),
        "validation",
        `Cannot use "${root}/locked.key" of --tls-key: it is encrypted`,
      ],
    ];
    const before = await world.home.files();
    for (const [args, code, message] of cases) {
      const result = await world.home.run(["content", "serve", ...args, "-o", "json"]);
      const error = errorOf(result);
      assertEquals([result.status, result.stdout, error["code"], error["message"]], [
        1,
        "",
        code,
        message,
      ]);
    }
    const alone = await world.home.run(["content", "serve", ...bundle, "--writable", "-o", "json"]);
    assertEquals([alone.status, errorOf(alone)["code"]], [1, "usage"]);
    assertEquals(await world.home.files(), before);
  }));
