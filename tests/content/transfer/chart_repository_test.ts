import { assertEquals, assertRejects } from "@std/assert";
import type { ChartEntry } from "../../../lib/content/definition/bundle_definition.ts";
import { ChartRepositories } from "../../../lib/content/transfer/chart_repository.ts";
import { MadeContent } from "../../../lib/content/transfer/made_content.ts";
import { UserError } from "../../../lib/errors.ts";
import { systemCrypto } from "../../../lib/runtime/crypto.ts";
import { openSystemTransport, type OpenTransport } from "../../../lib/runtime/http.ts";
import { Log } from "../../../lib/runtime/log.ts";
import { Redactor } from "../../../lib/runtime/redactor.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { Secret } from "../../../lib/secrets/secret.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { cutBody, StubRegistry } from "../../support/stub_registry.ts";
import { tarballOf } from "../../support/tarball.ts";

const crypto = systemCrypto();
const { bytes: archive } = await tarballOf({ "web/Chart.yaml": "name: web\nversion: 1.0.0\n" });
const REPO = "https://charts.example.com/stable";

/** Answers by address; whatever is not there is 404. `seen` has each request's authorization. */
function network(answers: Record<string, () => Response>) {
  const seen: [string, string | null][] = [];
  const openTransport: OpenTransport = () =>
    Promise.resolve({
      send({ url, headers }) {
        seen.push([url.href, headers["authorization"] ?? null]);
        return Promise.resolve(answers[url.href]?.() ?? new Response(null, { status: 404 }));
      },
      close: () => {},
    });
  return { seen, openTransport };
}

function indexOf(url: string): () => Response {
  return () => new Response(`entries:\n  web:\n    - version: 1.0.0\n      urls: ["${url}"]\n`);
}

const chart = () => new Response(archive);
const redirect = (location: string) => () =>
  new Response(null, { status: 302, headers: { location } });

interface DownloadParts {
  openTransport: OpenTransport;
  repo?: string;
  password?: string;
  idleMs?: number;
  signal?: AbortSignal;
  clock?: FakeClock;
  retries?: number;
}

/** Everybody is known everywhere, so that what goes out is the choice of the client. */
async function download(
  {
    openTransport,
    repo = REPO,
    password = "p",
    idleMs,
    signal,
    clock = new FakeClock(),
    retries = 1,
  }: DownloadParts,
): Promise<string> {
  const charts = new ChartRepositories({
    openTransport,
    trust: { insecure: false, caCertificates: [] },
    credentials: {
      find: () =>
        Promise.resolve({ kind: "password", username: "u", password: new Secret(password) }),
    },
    crypto,
    clock,
    log: new Log({ files: systemFiles(), clock, redactor: new Redactor(), level: "panic" }),
    random: () => 0.5,
    retries,
    signal: signal ?? new AbortController().signal,
    ...(idleMs === undefined ? {} : { idleMs }),
  });
  try {
    const entry: ChartEntry = {
      repo,
      name: "web",
      version: "1.0.0",
      digest: null,
      from: [],
      annotations: {},
      extras: {},
    };
    return (await charts.download(entry, new MadeContent(crypto))).ref;
  } finally {
    charts.close();
  }
}

async function failureOf(parts: DownloadParts): Promise<[string, string]> {
  const error = await assertRejects(() => download(parts), UserError);
  return [error.code, error.message];
}

const BASIC = "Basic dTpw";

Deno.test("download() logs in at the repository, for its index and its archives", async () => {
  const { seen, openTransport } = network({
    [`${REPO}/index.yaml`]: indexOf("web.tgz"),
    [`${REPO}/web.tgz`]: chart,
  });
  assertEquals(await download({ openTransport }), "charts.example.com/stable/web:1.0.0");
  assertEquals(seen, [[`${REPO}/index.yaml`, BASIC], [`${REPO}/web.tgz`, BASIC]]);
});

for (
  const [repo, url] of [
    [REPO, "https://other.example.com/web.tgz"],
    [REPO, "https://charts.example.com:8443/web.tgz"],
    ["http://charts.example.com", "http://other.example.com/web.tgz"],
    ["http://charts.example.com", "https://charts.example.com/web.tgz"],
  ] as const
) {
  Deno.test(`download() sends no login from ${repo} to ${url}`, async () => {
    const { seen, openTransport } = network({
      [`${repo}/index.yaml`]: indexOf(url),
      [url]: chart,
    });
    await download({ openTransport, repo });
    assertEquals(seen, [[`${repo}/index.yaml`, BASIC], [url, null]]);
  });
}

Deno.test("download() sends no login where a redirect leads elsewhere", async () => {
  const cdn = "https://cdn.example.com/web.tgz";
  const { seen, openTransport } = network({
    [`${REPO}/index.yaml`]: indexOf("web.tgz"),
    [`${REPO}/web.tgz`]: redirect(cdn),
    [cdn]: chart,
  });
  await download({ openTransport });
  assertEquals(seen.at(-1), [cdn, null]);
});

Deno.test("download() sends a login of any letters as UTF-8", async () => {
  const { seen, openTransport } = network({
    [`${REPO}/index.yaml`]: indexOf("web.tgz"),
    [`${REPO}/web.tgz`]: chart,
  });
  await download({ openTransport, password: "€" });
  assertEquals(seen.at(-1)?.[1], "Basic dTrigqw=");
});

const BAD_INDEXES: [string, string, string][] = [
  ["http://charts.example.com/web.tgz", "network", "which leads from HTTPS to plain HTTP"],
  ["oci://ghcr.io/x/web:1.0.0", "validation", "which is no HTTP address"],
  ["http://[", "validation", "which is no HTTP address"],
];

for (const [url, code, reason] of BAD_INDEXES) {
  Deno.test(`download() refuses ${url} in an index`, async () => {
    const { seen, openTransport } = network({ [`${REPO}/index.yaml`]: indexOf(url) });
    assertEquals(await failureOf({ openTransport }), [
      code,
      `Cannot download chart web 1.0.0: the index of ${REPO}/ names "${url}", ${reason}`,
    ]);
    assertEquals(seen.length, 1);
  });
}

for (
  const location of [
    "http://[",
    "ftp://charts.example.com/web.tgz",
    "http://charts.example.com/web.tgz",
  ]
) {
  Deno.test(`download() refuses a redirect to ${location}`, async () => {
    const { openTransport } = network({ [`${REPO}/index.yaml`]: redirect(location) });
    assertEquals(await failureOf({ openTransport }), [
      "network",
      `Cannot read ${REPO}/index.yaml: it redirects to "${location}", which is not safe`,
    ]);
  });
}

for (const repo of ["charts.example.com/stable", "charts.example.com:8080/x", "https://"]) {
  Deno.test(`download() refuses ${repo} as a repository`, async () => {
    const { openTransport } = network({});
    assertEquals(await failureOf({ openTransport, repo }), [
      "validation",
      `Cannot use "${repo}" as a chart repository: it is no HTTP address`,
    ]);
  });
}

/** A real server, whose first answers are these. */
function serving(...first: (() => Response)[]): StubRegistry {
  const stub = new StubRegistry();
  stub.intercepts.push(({ path }) =>
    first.shift()?.() ?? (path.endsWith("/index.yaml") ? indexOf("web.tgz")() : chart())
  );
  return stub;
}

const cut = () => new Response(cutBody(archive.slice(0, 20)));
const stalled = () =>
  new Response(new ReadableStream({ start: (to) => to.enqueue(archive.slice(0, 20)) }));

for (const [name, broken] of [["breaks off", cut], ["stands still", stalled]] as const) {
  Deno.test(`download() asks once more for what ${name}`, async () => {
    await using stub = serving(broken);
    const parts = { openTransport: openSystemTransport, repo: stub.url, idleMs: 200 };
    assertEquals(await download(parts), `${stub.host}/web:1.0.0`);
    assertEquals(stub.requests.map(({ path }) => path), [
      "/index.yaml",
      "/index.yaml",
      "/web.tgz",
    ]);
  });
}

Deno.test("download() gives up what breaks off twice", async () => {
  await using stub = serving(cut, cut);
  assertEquals(await failureOf({ openTransport: openSystemTransport, repo: stub.url }), [
    "network",
    `Cannot read ${stub.url}/index.yaml: the connection was closed in the middle of an answer`,
  ]);
});

const busy = (status: number, retryAfter?: string) => () =>
  new Response(null, {
    status,
    headers: retryAfter === undefined ? {} : { "retry-after": retryAfter },
  });

Deno.test("download() waits as long as the repository asks, else longer each time", async () => {
  await using stub = serving(busy(503, "7"), busy(429), cut, busy(500));
  const clock = new FakeClock();
  const parts = { openTransport: openSystemTransport, repo: stub.url, clock, retries: 4 };
  assertEquals(await download(parts), `${stub.host}/web:1.0.0`);
  assertEquals(clock.sleeps, [7000, 750, 1500, 3000]);
  assertEquals(stub.requests.length, 6);
});

for (
  const [first, requests, sleeps] of [
    [busy(503, "1000"), 1, []],
    [busy(404), 1, []],
    [busy(501), 1, []],
    [busy(503), 3, [375, 750]],
  ] as const
) {
  const { status, headers } = first();
  const asks = headers.get("retry-after") ?? "nothing";
  Deno.test(`download() asks ${requests} times where ${status} asks to wait for ${asks}`, async () => {
    await using stub = serving(first, first, first, first);
    const clock = new FakeClock();
    const parts = { openTransport: openSystemTransport, repo: stub.url, clock, retries: 2 };
    assertEquals(await failureOf(parts), [
      status === 404 ? "not-found" : "network",
      `${stub.host} answers ${status} to /index.yaml`,
    ]);
    assertEquals([stub.requests.length, clock.sleeps], [requests, [...sleeps]]);
  });
}

Deno.test("download() ends with the run", async () => {
  await using stub = serving(stalled);
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("stopped")), 100);
  await assertRejects(
    () => download({ openTransport: openSystemTransport, repo: stub.url, signal: stop.signal }),
    Error,
    "stopped",
  );
});
