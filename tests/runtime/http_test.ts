import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Files, systemFiles } from "../../lib/runtime/files.ts";
import { openSystemTransport } from "../../lib/runtime/http.ts";
import { serveHttp } from "../../lib/runtime/http_server.ts";
import {
  TransportError,
  type TransportErrorKind,
  transportErrorOf,
} from "../../lib/runtime/transport_error.ts";
import { type Certificate, type Certificates, certificates } from "../support/certificates.ts";
import { errorOf, Home, type RunResult } from "../support/home.ts";
import { startFakePalette } from "../support/palette/fake_palette.ts";
import { ADMIN_KEY } from "../support/palette/state.ts";
import { hasProgram } from "../support/programs.ts";

const ignore = !hasProgram("openssl");

async function ping(url: string, trust: { insecure?: boolean; caCertificates?: string[] }) {
  const transport = await openSystemTransport({ insecure: false, caCertificates: [], ...trust });
  try {
    const response = await transport.send({
      method: "GET",
      url: new URL("/v1/health/ping", url),
      headers: {},
      signal: AbortSignal.timeout(10_000),
    });
    await response.body?.cancel();
    return response.status;
  } finally {
    transport.close();
  }
}

interface Presented {
  name: string;
  pick: (all: Certificates) => Certificate;
  trusts: (all: Certificates) => string[];
  /** Null: accepted. */
  reason: string | null;
}

const PRESENTED: Presented[] = [
  {
    name: "a private CA's, trusted",
    pick: (all) => all.server,
    trusts: (all) => [all.ca.cert],
    reason: null,
  },
  { name: "a private CA's", pick: (all) => all.server, trusts: () => [], reason: "unknown issuer" },
  {
    name: "an expired one",
    pick: (all) => all.expired,
    trusts: (all) => [all.ca.cert],
    reason: "it has expired",
  },
  {
    name: "one for another name",
    pick: (all) => all.otherName,
    trusts: (all) => [all.ca.cert],
    reason: "it is not for",
  },
  {
    name: "a self-signed one",
    pick: (all) => all.selfSigned,
    trusts: () => [],
    reason: "unknown issuer",
  },
  {
    name: "a self-signed one marked as a CA, trusted",
    pick: (all) => all.selfSignedCa,
    trusts: (all) => [all.selfSignedCa.cert],
    reason: "the server presents a CA certificate as its own",
  },
];

for (const { name, pick, trusts, reason } of PRESENTED) {
  Deno.test({
    name: `a certificate: ${name}, is ${reason === null ? "accepted" : "refused"} (needs openssl)`,
    ignore,
    async fn() {
      const all = await certificates();
      await using palette = await startFakePalette({ tls: pick(all) });
      const attempt = () => ping(palette.url, { caCertificates: trusts(all) });
      if (reason === null) return assertEquals(await attempt(), 200);
      const error = await assertRejects(attempt, TransportError);
      assertEquals(error.kind, "tls");
      assertStringIncludes(error.message, reason);
      assertEquals(palette.requests, []);
    },
  });

  Deno.test({
    name: `without verification a certificate: ${name}, is accepted (needs openssl)`,
    ignore,
    async fn() {
      await using palette = await startFakePalette({ tls: pick(await certificates()) });
      assertEquals(await ping(palette.url, { insecure: true }), 200);
    },
  });
}

for (const insecure of [false, true]) {
  Deno.test(`a server without TLS is told apart, ${insecure ? "un" : ""}verified`, async () => {
    await using palette = await startFakePalette();
    const url = palette.url.replace("http:", "https:");
    const error = await assertRejects(() => ping(url, { insecure }), TransportError);
    assertEquals(error.kind, "tls");
  });

  Deno.test(`a refused port is told apart, ${insecure ? "un" : ""}verified`, async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const url = `https://127.0.0.1:${listener.addr.port}`;
    listener.close();
    const error = await assertRejects(() => ping(url, { insecure }), TransportError);
    assertEquals([error.kind, error.message], ["network", "connection refused"]);
  });

  Deno.test(`an aborted request throws the reason, ${insecure ? "un" : ""}verified`, async () => {
    await using palette = await startFakePalette();
    palette.inject({ kind: "slow", delayMs: 200 });
    const transport = await openSystemTransport({ insecure, caCertificates: [] });
    const controller = new AbortController();
    const pending = transport.send({
      method: "GET",
      url: new URL(palette.url),
      headers: {},
      signal: controller.signal,
    });
    controller.abort(new Error("stopped"));
    await assertRejects(() => pending, Error, "stopped");
    transport.close();
  });

  Deno.test(`a body is sent and an error answer read, ${insecure ? "un" : ""}verified`, async () => {
    await using palette = await startFakePalette();
    const transport = await openSystemTransport({ insecure, caCertificates: [] });
    const response = await transport.send({
      method: "POST",
      url: new URL("/v1/dashboard/projects", palette.url),
      headers: { "content-type": "application/json", apikey: ADMIN_KEY },
      body: '{"filter":{"name":{"eq":"ö"}}}',
      signal: AbortSignal.timeout(10_000),
    });
    assertEquals(response.status, 200);
    assertEquals((await new Response(response.body).json()).items, []);
    assertEquals(palette.requests[0]?.body, { filter: { name: { eq: "ö" } } });
    transport.close();
  });

  for (const size of [0, 3 * 1024 * 1024 + 5]) {
    Deno.test(`a stream of ${size} bytes is sent with its length, ${insecure ? "un" : ""}verified`, async () => {
      let seen: unknown;
      const server = await serveHttp({ hostname: "127.0.0.1", port: 0 }, async (request) => {
        const { byteLength } = await request.arrayBuffer();
        const { headers } = request;
        seen = [headers.get("content-length"), headers.get("transfer-encoding"), byteLength];
        return new Response(null, { status: 201 });
      });
      const transport = await openSystemTransport({ insecure, caCertificates: [] });
      let rest = size;
      const response = await transport.send({
        method: "PUT",
        url: new URL(`http://127.0.0.1:${server.port}/`),
        headers: { "content-length": String(size) },
        body: new ReadableStream({
          pull(controller) {
            if (rest === 0) return controller.close();
            const piece = new Uint8Array(Math.min(rest, 64 * 1024));
            rest -= piece.length;
            controller.enqueue(piece);
          },
        }),
        signal: AbortSignal.timeout(10_000),
      });
      assertEquals([response.status, seen], [201, [String(size), null, size]]);
      await response.body?.cancel();
      transport.close();
      await server.stop();
    });
  }
}

for (const insecure of [false, true]) {
  Deno.test({
    name: `nothing waits behind a short stream, ${insecure ? "un" : ""}verified (needs openssl)`,
    ignore,
    async fn() {
      const all = await certificates();
      const server = await serveHttp({
        hostname: "127.0.0.1",
        port: 0,
        tls: { certificate: all.server.cert, key: all.server.key },
      }, async (request) => new Response(await request.text()));
      const transport = await openSystemTransport({ insecure, caCertificates: [all.ca.cert] });
      const url = new URL(`https://127.0.0.1:${server.port}/`);
      const signal = AbortSignal.timeout(4_000);
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start(controller) {
          controller.enqueue(new Uint8Array([97, 98]));
          controller.close();
        },
      });
      const headers = { "content-length": "2" };
      const short = await transport.send({ method: "PUT", url, headers, body, signal });
      assertEquals(await new Response(short.body).text(), "ab");
      const startMs = performance.now();
      const next = await transport.send({ method: "POST", url, headers: {}, body: "c", signal });
      assertEquals(await new Response(next.body).text(), "c");
      assertEquals(performance.now() - startMs < 2_000, true);
      transport.close();
      await server.stop();
    },
  });

  Deno.test(`a stream that breaks fails the request, ${insecure ? "un" : ""}verified`, async () => {
    const server = await serveHttp(
      { hostname: "127.0.0.1", port: 0 },
      async (request) => new Response(await request.text().catch(() => "cut")),
    );
    const transport = await openSystemTransport({ insecure, caCertificates: [] });
    await assertRejects(() =>
      transport.send({
        method: "PUT",
        url: new URL(`http://127.0.0.1:${server.port}/`),
        headers: { "content-length": "5" },
        body: new ReadableStream({
          pull: (controller) => controller.error(new Error("the source broke")),
        }),
        signal: AbortSignal.timeout(4_000),
      }), TransportError);
    transport.close();
    await server.stop();
  });
}

const CAUSES: [string, TransportErrorKind, string][] = [
  ["dns error: failed to lookup address information", "network", "host name not found"],
  ["getaddrinfo ENOTFOUND nowhere.example", "network", "host name not found"],
  ["connect ECONNREFUSED 127.0.0.1:1", "network", "connection refused"],
  ["Network is unreachable (os error 101)", "network", "network is unreachable"],
  ["No route to host (os error 113)", "network", "no route to host"],
  ["connect ETIMEDOUT", "network", "connection timed out"],
  ["unsuccessful tunnel", "network", "the proxy refused to connect"],
  ["read ECONNRESET", "reset", "the connection was closed in the middle of an answer"],
  ["socket hang up", "reset", "the connection was closed in the middle of an answer"],
  ["received fatal alert: HandshakeFailure", "tls", "the server refused: HandshakeFailure"],
  ["invalid peer certificate: NotValidYet", "tls", "it is not valid yet"],
  ["Parse Error: Expected HTTP/", "network", "the answer is not HTTP"],
];

for (const [text, kind, reason] of CAUSES) {
  Deno.test(`transportErrorOf() reads "${text}"`, () => {
    const error = transportErrorOf(new TypeError("fetch failed", { cause: new Error(text) }));
    assertEquals([error.kind, error.message], [kind, reason]);
  });
}

/** A login to a stand-in with a certificate. */
async function loginTo(
  pick: (all: Certificates) => Certificate,
  args: (all: Certificates) => string[],
  env: (all: Certificates) => Record<string, string> = () => ({}),
): Promise<{ result: RunResult; config: string }> {
  const all = await certificates();
  await using palette = await startFakePalette({ tls: pick(all) });
  await using home = await Home.make();
  const result = await home.run([
    "login",
    "-o",
    "json",
    "--console-url",
    palette.url,
    ...args(all),
  ], { env: { PALETTE_API_KEY: ADMIN_KEY, ...env(all) } });
  const config = await home.config().catch(() => "");
  if (result.status === 0) {
    const whoami = await home.run(["whoami"]);
    assertEquals(whoami.status, 0, whoami.stderr);
  }
  return { result, config };
}

Deno.test({
  name: "login --ca-file trusts a private CA, and later commands do (needs openssl)",
  ignore,
  async fn() {
    const { result, config } = await loginTo(
      (all) => all.server,
      (all) => ["--ca-file", all.caFile],
    );
    assertEquals(result.status, 0, result.stderr);
    assertStringIncludes(config, "|ca=");
    const variable = await loginTo(
      (all) => all.server,
      () => [],
      (all) => ({ PALETTE_CA_FILE: all.caFile }),
    );
    assertEquals(variable.result.status, 0, variable.result.stderr);
  },
});

Deno.test({
  name: "login --insecure accepts any certificate, and later commands do (needs openssl)",
  ignore,
  async fn() {
    const { result, config } = await loginTo((all) => all.expired, () => ["--insecure"]);
    assertEquals(result.status, 0, result.stderr);
    assertStringIncludes(config, "|insecure");
  },
});

Deno.test({
  name: "login names what to do about a certificate it does not trust (needs openssl)",
  ignore,
  async fn() {
    const { result, config } = await loginTo((all) => all.server, () => []);
    const error = errorOf(result);
    assertEquals(error["code"], "tls");
    assertEquals(error["message"], "Certificate of 127.0.0.1 not trusted: unknown issuer");
    assertStringIncludes(String(error["hint"]), "--ca-file");
    assertStringIncludes(String(error["hint"]), "--insecure");
    assertEquals(config, "");
    const selfCa = await loginTo((all) => all.selfSignedCa, () => []);
    assertEquals(errorOf(selfCa.result)["code"], "tls");
  },
});

Deno.test({
  name: "login refuses a CA file that holds no certificate (needs openssl)",
  ignore,
  async fn() {
    const path = await Deno.makeTempFile();
    for (
      const text of [
        "",
        "garbage",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      ]
    ) {
      await Deno.writeTextFile(path, text);
      const { result } = await loginTo((all) => all.server, () => ["--ca-file", path]);
      assertEquals(errorOf(result)["code"], "validation");
    }
    await Deno.remove(path);
  },
});

Deno.test({
  name: "a key is not used when the CA file was exchanged (needs openssl)",
  ignore,
  async fn() {
    const all = await certificates();
    await using palette = await startFakePalette({ tls: all.server });
    await using home = await Home.make();
    const caFile = `${home.root}/ca.pem`;
    await Deno.copyFile(all.caFile, caFile);
    await home.run(["login", "--console-url", palette.url, "--ca-file", caFile], {
      env: { PALETTE_API_KEY: ADMIN_KEY },
    });
    await Deno.writeTextFile(caFile, all.selfSignedCa.cert);
    const seen = palette.requests.length;
    const result = await home.run(["whoami", "-o", "json"]);
    assertEquals(errorOf(result)["code"], "endpoint-changed");
    assertEquals(palette.requests.length, seen);
  },
});

/** The files of this machine, one of which says something else when it is read again. */
function exchanging(path: string, texts: string[]): { files: Files; reads: () => number } {
  const files = systemFiles();
  let reads = 0;
  return {
    files: {
      ...files,
      readBytes(asked) {
        if (asked !== path) return files.readBytes(asked);
        const text = texts[Math.min(reads++, texts.length - 1)] ?? "";
        return Promise.resolve(new TextEncoder().encode(text));
      },
    },
    reads: () => reads,
  };
}

Deno.test({
  name: "the CA that a run trusts is the one its keys are bound to (needs openssl)",
  ignore,
  async fn() {
    const all = await certificates();
    await using palette = await startFakePalette({ tls: all.server });
    await using home = await Home.make();
    const [own, other] = [all.ca.cert, all.selfSigned.cert];
    const login = exchanging(all.caFile, [own, other]);
    const result = await home.run(
      ["login", "--console-url", palette.url, "--ca-file", all.caFile],
      {
        env: { PALETTE_API_KEY: ADMIN_KEY },
        files: login.files,
      },
    );
    assertEquals([result.status, login.reads()], [0, 1], result.stderr);
    assertEquals((await home.run(["whoami"])).status, 0);

    const seen = palette.requests.length;
    const whoami = exchanging(all.caFile, [other, own]);
    const refused = await home.run(["whoami", "-o", "json"], { files: whoami.files });
    assertEquals(errorOf(refused)["code"], "endpoint-changed");
    assertEquals([palette.requests.length, whoami.reads()], [seen, 1]);

    const change = exchanging(all.caFile, [own, other]);
    const switched = await home.run(["project", "switch", "--name", "staging"], {
      files: change.files,
    });
    assertEquals([switched.status, change.reads()], [0, 1], switched.stderr);
    assertEquals((await home.run(["whoami"])).status, 0);
  },
});

Deno.test({
  name: "login at a terminal asks for a CA file when TLS fails (needs openssl)",
  ignore,
  async fn() {
    const all = await certificates();
    await using palette = await startFakePalette({ tls: all.server });
    await using home = await Home.make();
    const result = await home.run(["login", "--console-url", palette.url], {
      env: { PALETTE_API_KEY: ADMIN_KEY },
      answers: [{ kind: "input", label: /CA certificate file/, answer: all.caFile }],
    });
    assertEquals(result.status, 0, result.stderr);
    assertEquals((await home.run(["whoami"])).status, 0);
  },
});
