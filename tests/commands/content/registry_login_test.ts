import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { certificates } from "../../support/certificates.ts";
import { REGISTRY_LOGIN, startDockerRegistry } from "../../support/docker_registry.ts";
import {
  errorOf,
  Home,
  OTHER_PASSPHRASE,
  PASSPHRASE,
  type RunOptions,
} from "../../support/home.ts";
import { hasProgram } from "../../support/programs.ts";
import { noise } from "../../support/registry_client.ts";
import { problem, StubRegistry } from "../../support/stub_registry.ts";
import { TokenRealm } from "../../support/token_realm.ts";

const USER = "robot";
const PASSWORD = "S3cret:wörd";
const BASIC = basic(USER, PASSWORD);

function basic(user: string, password: string): string {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

function startGuarded(accepted = BASIC): StubRegistry {
  const stub = new StubRegistry();
  stub.intercepts.push(({ authorization }) =>
    authorization === accepted
      ? null
      : problem(401, "UNAUTHORIZED", { "www-authenticate": 'Basic realm="x"' })
  );
  return stub;
}

class Logins {
  constructor(readonly home: Home) {}

  get path(): string {
    return `${this.home.workspace}/registry/config.json`;
  }

  text(): Promise<string> {
    return Deno.readTextFile(this.path);
  }

  async json(): Promise<
    { auths: Record<string, { auth: string }>; encryption: Record<string, unknown> }
  > {
    return JSON.parse(await this.text());
  }

  run(args: string[], options: RunOptions = {}) {
    return this.home.run(["content", "registry-login", ...args], options);
  }

  login(host: string, options: RunOptions = {}) {
    return this.run(["-r", host, "-u", USER, "--password-stdin"], {
      stdin: `${PASSWORD}\n`,
      ...options,
    });
  }
}

Deno.test("content registry-login checks a login and keeps it encrypted", async () => {
  await using stub = startGuarded();
  await using home = await Home.make();
  const logins = new Logins(home);
  const result = await logins.login(stub.host);
  assertEquals(result, {
    ...result,
    status: 0,
    stdout: "Login Succeeded\n",
    stderr: "",
    derivations: 1,
  });
  assertEquals(stub.requests.at(-1)?.authorization, BASIC);
  assertEquals(await home.files(), [
    ".palette/logs/palette.log",
    ".palette/registry/.config.json.lock",
    ".palette/registry/config.json",
  ]);
  const { auths, encryption } = await logins.json();
  assertEquals(Object.keys(auths), [stub.host]);
  assertMatch(auths[stub.host]?.auth ?? "", /^enc:v1:[A-Za-z0-9_-]+$/);
  assertEquals([encryption["version"], encryption["iterations"], encryption["addresses"]], [
    1,
    1_000_000,
    { [`/auths/${stub.host}/auth`]: `https://${stub.host}` },
  ]);
  assertEquals((Deno.statSync(logins.path).mode ?? 0) & 0o777, 0o600);
  const everything = await logins.text() +
    await Deno.readTextFile(`${home.workspace}/logs/palette.log`);
  assertEquals(everything.includes(PASSWORD) || everything.includes(BASIC.slice(6)), false);
  // The next run uses it.
  stub.manifests.set("bundle/bundle-definition:v1", { type: "", bytes: noise(1) });
  const list = await home.run(["content", "list", "-r", `${stub.host}/bundle`]);
  assertEquals([list.status, list.stdout], [
    0,
    `Listing bundles\n${stub.host}/bundle/bundle-definition:v1\n`,
  ]);
});

Deno.test("content registry-login keeps the other logins, and what it does not know", async () => {
  await using stub = startGuarded();
  await using other = startGuarded();
  await using home = await Home.make();
  const logins = new Logins(home);
  await Deno.mkdir(`${home.workspace}/registry`, { recursive: true, mode: 0o700 });
  const before = {
    credHelpers: { "x.io": "own" },
    "a:b": [1, true, null, "ä\u0001"],
    auths: { "y.io": { auth: "", email: "e" } },
  };
  await Deno.writeTextFile(logins.path, JSON.stringify(before), { mode: 0o600 });
  assertEquals((await logins.login(stub.host)).status, 0);
  const first = await logins.json();
  assertEquals((await logins.login(other.host)).status, 0);
  assertEquals((await logins.login(`https://${other.host}/team`)).status, 0);
  const { auths, encryption, ...rest } = await logins.json();
  assertEquals(rest, { credHelpers: before.credHelpers, "a:b": before["a:b"] } as unknown);
  assertEquals(auths["y.io"], { auth: "", email: "e" } as unknown);
  assertEquals(auths[stub.host], first.auths[stub.host]);
  assertEquals(encryption["salt"], first.encryption["salt"]);
  assertEquals(Object.keys(auths), ["y.io", stub.host, other.host]);
});

Deno.test("content registry-login shares the salt of palette.yaml when it shares the passphrase", async () => {
  await using stub = startGuarded();
  await using home = await Home.make();
  await home.seed({ endpoint: "https://console.example.com" });
  const logins = new Logins(home);
  const result = await logins.login(stub.host);
  assertEquals([result.status, result.derivations], [0, 1]);
  const salt = /salt: "([^"]+)"/.exec(await home.config())?.[1];
  assertEquals((await logins.json()).encryption["salt"], salt);
});

Deno.test("the logins can be verified and rekeyed, and stay JSON", async () => {
  await using stub = startGuarded();
  await using home = await Home.make();
  await home.seed({ endpoint: "https://console.example.com" });
  const logins = new Logins(home);
  await logins.login(stub.host);
  const before = await logins.json();
  const verified = await home.run(["config", "verify", "-o", "json"]);
  assertEquals([verified.status, JSON.parse(verified.stdout).count], [0, 2]);
  const rekeyed = await home.run(["config", "rekey", "--all"], {
    env: { PALETTE_NEW_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE },
  });
  assertEquals(rekeyed.status, 0, rekeyed.stderr);
  const after = await logins.json();
  assertEquals(after.encryption["salt"] === before.encryption["salt"], false);
  stub.manifests.set("a/bundle-definition:v1", { type: "", bytes: noise(1) });
  const env = { PALETTE_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE };
  const list = await home.run(["content", "list", "-r", `${stub.host}/a`], { env });
  assertEquals(list.status, 0, list.stderr);
  const old = await home.run(["content", "list", "-r", `${stub.host}/a`, "-o", "json"]);
  assertEquals([old.status, errorOf(old)["code"]], [1, "decrypt-failed"]);
});

const MOVED: [string, (text: string, host: string) => string, string][] = [
  [
    "renamed to another host",
    (text, host) => text.replaceAll(`"${host}"`, '"127.0.0.1:1"'),
    "127.0.0.1:1",
  ],
  [
    "altered",
    (text) => text.replace(/(enc:v1:.{30})(.)/, (_, head, one) => head + (one === "A" ? "B" : "A")),
    "",
  ],
];

for (const [name, damage, host] of MOVED) {
  Deno.test(`a login that was ${name} in the file is not used`, async () => {
    await using stub = startGuarded();
    await using home = await Home.make();
    const logins = new Logins(home);
    await logins.login(stub.host);
    const text = await logins.text();
    const damaged = damage(text, stub.host);
    assertEquals(damaged === text, false);
    await Deno.writeTextFile(logins.path, damaged);
    stub.requests.length = 0;
    // The other host wants a login, too.
    const result = await home.run([
      "content",
      "list",
      "-r",
      `${host || stub.host}/a`,
      "-o",
      "json",
    ]);
    assertEquals(result.status, 1);
    if (host === "") assertEquals(errorOf(result)["code"], "integrity");
    assertEquals(stub.requests.some(({ authorization }) => authorization !== null), false);
  });
}

Deno.test("no passphrase is asked for where no login is used", async () => {
  await using guarded = startGuarded();
  await using open = new StubRegistry();
  await using home = await Home.make();
  await new Logins(home).login(guarded.host);
  open.manifests.set("a/bundle-definition:v1", { type: "", bytes: noise(1) });
  const env = { PALETTE_ENCRYPTION_PASSWORD: undefined };
  const list = await home.run(["content", "list", "-r", `${open.host}/a`], { env });
  assertEquals([list.status, list.derivations], [0, 0]);
  const needed = await home.run(["content", "list", "-r", `${guarded.host}/a`, "-o", "json"], {
    env,
  });
  assertEquals([needed.status, errorOf(needed)["code"]], [1, "passphrase-missing"]);
});

Deno.test("a login that another passphrase encrypted is to be given again by registry-login", async () => {
  await using stub = startGuarded();
  await using home = await Home.make();
  await new Logins(home).login(stub.host);
  const result = await home.run(["content", "list", "-r", `${stub.host}/a`], {
    env: { PALETTE_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE },
  });
  assertEquals([result.status, result.stderr.split("\n")[1]], [
    1,
    "Hint: Use the passphrase it was written with, or run palette content registry-login to " +
    "replace it",
  ]);
});

Deno.test("content registry-login asks at a terminal", async () => {
  await using stub = startGuarded();
  await using home = await Home.make();
  const result = await new Logins(home).run([], {
    answers: [
      { kind: "input", label: "Registry", answer: `http://${stub.host}/` },
      { kind: "input", label: "Username", answer: USER },
      { kind: "secret", label: "Password", answer: PASSWORD },
    ],
  });
  assertEquals([result.status, result.stdout], [0, "Login Succeeded\n"]);
});

Deno.test("content registry-login lists what is missing when nobody can be asked", async () => {
  await using home = await Home.make();
  const result = await new Logins(home).run(["-u", "x"]);
  assertEquals([result.status, result.stderr], [
    1,
    "Error: --registry and --password-stdin are required when not running interactively\n" +
    "Hint: Add the flag, or run it in a terminal to be asked\n",
  ]);
  assertEquals(await home.files(), []);
});

Deno.test("content registry-login takes --password and says who can see it", async () => {
  await using stub = startGuarded();
  await using home = await Home.make();
  const result = await new Logins(home).run(["-r", stub.host, "-u", USER, "-p", PASSWORD]);
  assertEquals([result.status, result.stdout, result.stderr], [
    0,
    "Login Succeeded\n",
    "Warning: other users of this machine can see --password; use --password-stdin\n",
  ]);
});

Deno.test("content registry-login says when a registry asks for nothing", async () => {
  await using stub = new StubRegistry();
  await using home = await Home.make();
  const result = await new Logins(home).login(stub.host);
  assertEquals([result.status, result.stdout, result.stderr], [
    0,
    "Login Succeeded\n",
    `Note: ${stub.host} did not ask for credentials: they could not be checked\n`,
  ]);
});

Deno.test("content registry-login checks a token for the path that is given", async () => {
  await using realm = new TokenRealm();
  await using stub = new StubRegistry();
  realm.guard(stub);
  await using home = await Home.make();
  const logins = new Logins(home);
  const result = await logins.login(`oci://${stub.host}/team/app`);
  assertEquals(result.status, 0, result.stderr);
  assertEquals(realm.requests.map(({ scopes, authorization }) => [scopes, authorization]), [
    [["repository:team/app:pull"], BASIC],
  ]);
  assertEquals(Object.keys((await logins.json()).auths), [stub.host]);
});

Deno.test("content registry-login takes a Helm repository", async () => {
  await using stub = startGuarded();
  await using home = await Home.make();
  stub.intercepts.push(({ path }) =>
    path === "/charts/index.yaml" ? new Response("entries: {}") : problem(404, "")
  );
  const logins = new Logins(home);
  assertEquals((await logins.login(`${stub.host}/charts`)).status, 0);
  const wrong = await logins.login(`${stub.host}/other`, { env: { PALETTE_FORMAT: "json" } });
  assertEquals([wrong.status, errorOf(wrong)["code"], errorOf(wrong)["message"]], [
    1,
    "not-found",
    `Cannot log in to ${stub.host}: neither an image registry nor a Helm repository answers there`,
  ]);
});

const REFUSED: [string, string[], string, string, string][] = [
  [
    "a bad host",
    ["-r", "ho st", "-u", "u"],
    "x",
    "validation",
    'Cannot use "ho st" of --registry: "ho st" is no host',
  ],
  [
    "credentials in the address",
    ["-r", "https://me:pw@example.com", "-u", "u"],
    "x",
    "validation",
    'Cannot use "https://example.com" of --registry: it must not hold a user or password',
  ],
  [
    "a bad path",
    ["-r", "example.com/UPPER", "-u", "u"],
    "x",
    "validation",
    'Cannot use "example.com/UPPER" of --registry: "UPPER" is no repository',
  ],
  [
    "a user with a colon",
    ["-r", "example.com", "-u", "a:b"],
    "x",
    "validation",
    'Cannot use the user name "a:b": it holds a colon',
  ],
  [
    "an empty password",
    ["-r", "example.com", "-u", "u"],
    "\n",
    "validation",
    "The password is empty",
  ],
  [
    "half a client certificate",
    ["-r", "example.com", "-u", "u", "--tls-cert", "/x"],
    "x",
    "usage",
    "--tls-cert needs its other half",
  ],
  [
    "a CA file that is not there",
    ["-r", "example.com", "-u", "u", "--ca-cert", "/none"],
    "x",
    "io",
    'Cannot read "/none" of --ca-cert: no such file or folder',
  ],
  [
    "a key that is none",
    ["-r", "example.com", "-u", "u", "--tls-cert", "CERT", "--tls-key", "CERT"],
    "x",
    "validation",
    'Cannot use "CERT" of --tls-key: there is no PEM private key in it',
  ],
  [
    "a key that is locked",
    ["-r", "example.com", "-u", "u", "--tls-cert", "CERT", "--tls-key", "LOCKED"],
    "x",
    "validation",
    'Cannot use "LOCKED" of --tls-key: it is encrypted',
  ],
  [
    "an unknown architecture",
    ["-r", "example.com", "-u", "u", "-a", "mips"],
    "x",
    "usage",
    'Unsupported architecture "mips": use amd64 or arm64',
  ],
];

for (const [name, words, stdin, code, said] of REFUSED) {
  const needsCertificate = words.includes("CERT");
  const fn = async () => {
    await using home = await Home.make();
    const caFile = needsCertificate ? (await certificates()).caFile : "";
    const locked = `${home.root}.key`;
    if (words.includes("LOCKED")) {
      const label = "ENCRYPTED PRIVATE KEY";
      await Deno.writeTextFile(locked, `-----BEGIN ${label}-----\nMIIF\n-----END ${label}-----\n`);
    }
    const filled = (text: string) => text.replace("CERT", caFile).replace("LOCKED", locked);
    const args = words.map(filled);
    const message = filled(said);
    const result = await new Logins(home).run([...args, "--password-stdin", "-o", "json"], {
      stdin,
    });
    assertEquals([
      result.status,
      result.stdout,
      errorOf(result)["code"],
      errorOf(result)["message"],
    ], [
      1,
      "",
      code,
      message,
    ]);
    assertEquals(await home.files(), []);
    if (words.includes("LOCKED")) await Deno.remove(locked);
  };
  Deno.test({
    name: `content registry-login refuses ${name} and writes nothing${
      needsCertificate ? " (needs openssl)" : ""
    }`,
    ignore: needsCertificate && !hasProgram("openssl"),
    fn,
  });
}

Deno.test("content registry-login keeps nothing that the registry rejects", async () => {
  await using stub = startGuarded();
  await using home = await Home.make();
  const result = await new Logins(home).run(["-r", stub.host, "-u", USER, "--password-stdin"], {
    stdin: "wrong-one",
  });
  assertEquals([result.status, result.stdout, result.stderr], [
    1,
    "",
    `Error: cannot log in to ${stub.host}: ${stub.host} rejected the credentials\n` +
    `Hint: Run palette content registry-login --registry ${stub.host}\n`,
  ]);
  assertEquals(await home.files(), []);
});

Deno.test("content registry-login refuses a broken file of logins, and leaves it as it is", async () => {
  await using stub = startGuarded();
  await using home = await Home.make();
  const logins = new Logins(home);
  await Deno.mkdir(`${home.workspace}/registry`, { recursive: true, mode: 0o700 });
  for (const text of ["auths: {}\n", "[1]"]) {
    await Deno.writeTextFile(logins.path, text, { mode: 0o600 });
    const result = await logins.login(stub.host, { env: { PALETTE_FORMAT: "json" } });
    assertEquals([result.status, errorOf(result)["code"]], [1, "validation"]);
    assertEquals(await logins.text(), text);
  }
});

Deno.test("content registry-login refuses to mix passphrases in one file", async () => {
  await using stub = startGuarded();
  await using home = await Home.make();
  const logins = new Logins(home);
  await logins.login(stub.host);
  const before = await logins.text();
  const env = { PALETTE_ENCRYPTION_PASSWORD: OTHER_PASSPHRASE, PALETTE_FORMAT: "json" };
  const result = await logins.login(stub.host, { env });
  assertEquals([result.status, errorOf(result)["code"]], [1, "decrypt-failed"]);
  assertEquals(await logins.text(), before);
});

Deno.test("content registry-login takes the file of palette-edge, all or nothing", async () => {
  await using image = startGuarded();
  await using helm = startGuarded(basic("_json_key", '{"type":"service_account"}'));
  await using home = await Home.make();
  const logins = new Logins(home);
  const file = `${home.root}/creds.json`;
  const entries = {
    image: [{ endpoint: `http://${image.host}`, username: USER, password: PASSWORD }],
    helm: [{ endpoint: helm.host, username: "_json_key", password: { type: "service_account" } }],
  };
  await Deno.writeTextFile(
    file,
    JSON.stringify({
      ...entries,
      image: [...entries.image, { ...entries.image[0], password: "wrong" }],
    }),
  );
  assertEquals((await logins.run(["--from-file", file])).status, 1);
  assertEquals(await home.files(), ["creds.json"]);
  await Deno.writeTextFile(file, JSON.stringify(entries));
  const result = await logins.run(["--from-file", file, "-o", "json"]);
  assertEquals([result.status, JSON.parse(result.stdout)], [
    0,
    { registries: [image.host, helm.host], file: logins.path },
  ]);
  assertEquals(Object.keys((await logins.json()).auths), [image.host, helm.host]);
});

for (
  const [text, reason] of [
    ['{"image": [', "it is not valid JSON"],
    ["1", "it is no JSON object"],
    ["{}", "there is no login in it"],
    ['{"image": {}}', "image is no list"],
    ['{"image": [null]}', "image[0] has no endpoint"],
    [
      '{"helm": [{"endpoint": "x.io", "username": "a:b"}]}',
      "helm[0] has no user name that can be used",
    ],
    ['{"helm": [{"endpoint": "x.io", "username": "a"}]}', "helm[0] has no password"],
  ] as const
) {
  Deno.test(`content registry-login refuses the file ${text}`, async () => {
    await using home = await Home.make();
    const result = await new Logins(home).run(["--from-file", "-", "-o", "json"], { stdin: text });
    assertEquals([result.status, errorOf(result)["code"], errorOf(result)["message"]], [
      1,
      "validation",
      `Cannot use "-" of --from-file: ${reason}`,
    ]);
  });
}

Deno.test({
  name:
    "content registry-login and list, at a real registry with TLS (needs docker-registry, openssl)",
  ignore: !hasProgram("docker-registry") || !hasProgram("openssl"),
  async fn() {
    const all = await certificates();
    await using registry = await startDockerRegistry({ tls: all.server, login: REGISTRY_LOGIN });
    await using home = await Home.make();
    const logins = new Logins(home);
    const { username, password } = REGISTRY_LOGIN;
    const args = ["-r", registry.url, "-u", username, "--password-stdin"];
    const untrusted = await logins.run(args, { stdin: password });
    assertEquals([untrusted.status, untrusted.stderr], [
      1,
      `Error: certificate of ${registry.host} not trusted: unknown issuer\n` +
      "Hint: Pass --ca-cert FILE with the CA's certificate, or --insecure to skip the check\n",
    ]);
    for (const trust of [["--ca-cert", all.caFile], ["--insecure=true"]]) {
      const result = await logins.run([...args, ...trust], { stdin: password });
      assertEquals([result.status, result.stdout], [0, "Login Succeeded\n"], result.stderr);
    }
    const list = await home.run([
      "content",
      "list",
      "-r",
      `${registry.host}/x`,
      "--ca-cert",
      all.caFile,
    ]);
    assertEquals(list.status, 1);
    assertStringIncludes(
      list.stderr,
      `Error: no bundles found in ${registry.host}/x/bundle-definition\n`,
    );
  },
});

Deno.test("a run log never shows a token", async () => {
  await using realm = new TokenRealm();
  await using stub = new StubRegistry();
  realm.guard(stub);
  await using home = await Home.make();
  const result = await new Logins(home).run(
    ["-r", stub.host, "-u", USER, "--password-stdin", "--log-level", "trace"],
    { stdin: PASSWORD },
  );
  assertEquals(result.status, 0);
  const log = await Deno.readTextFile(`${home.workspace}/logs/palette.log`);
  assertStringIncludes(log, "GET http://127.0.0.1");
  for (const secret of [PASSWORD, PASSPHRASE, ...realm.issued]) {
    assertEquals(log.includes(secret), false, secret);
  }
});
