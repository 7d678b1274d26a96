import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../../lib/errors.ts";
import { credentialChain } from "../../../lib/oci/credentials/credential_chain.ts";
import type { Credentials, CredentialSource } from "../../../lib/oci/credentials/credentials.ts";
import { credentialsOf, parseDockerConfig } from "../../../lib/oci/credentials/docker_config.ts";
import { fileCredentials, loginFiles } from "../../../lib/oci/credentials/file_credentials.ts";
import { nearestKey, normalizeKey } from "../../../lib/oci/credentials/registry_key.ts";
import { environmentOf } from "../../../lib/runtime/environment.ts";
import { systemExec } from "../../../lib/runtime/exec.ts";
import { systemFiles } from "../../../lib/runtime/files.ts";
import { systemPlatform } from "../../../lib/runtime/platform.ts";
import { Secret } from "../../../lib/secrets/secret.ts";

/** Credentials with their secret in the open. */
function shown(credentials: Credentials | null) {
  if (credentials === null) return null;
  return credentials.kind === "password"
    ? `${credentials.username}:${credentials.password.reveal()}`
    : `token ${credentials.token.reveal()}`;
}

class Place implements AsyncDisposable {
  readonly warnings: string[] = [];
  private constructor(readonly folder: string) {}

  static async make(config: unknown) {
    const folder = await Deno.makeTempDir({ prefix: "palette-logins-" });
    const place = new Place(folder);
    const text = typeof config === "string" ? config : JSON.stringify(config);
    await Deno.writeTextFile(place.path, text);
    return place;
  }

  get path() {
    return `${this.folder}/config.json`;
  }

  async [Symbol.asyncDispose]() {
    await Deno.remove(this.folder, { recursive: true });
  }

  /** A helper on PATH; it notes how it was called. */
  async addHelper(name: string, script: string) {
    await Deno.writeTextFile(
      `${this.folder}/docker-credential-${name}`,
      `#!/bin/sh\nhost=$(cat)\necho "$1 $host" >> ${this.folder}/calls\n${script}\n`,
      { mode: 0o755 },
    );
  }

  async calls(): Promise<string[]> {
    const text = await Deno.readTextFile(`${this.folder}/calls`).catch(() => "");
    return text.split("\n").filter((line) => line !== "");
  }

  open(isRequired = false): CredentialSource {
    const env = environmentOf({ PATH: `${this.folder}:${Deno.env.get("PATH")}` });
    return fileCredentials({ path: this.path, isRequired }, {
      files: systemFiles(),
      exec: systemExec(env),
      signal: new AbortController().signal,
      onWarning: (text) => this.warnings.push(text),
    });
  }
}

const auth = (text: string) => ({ auth: btoa(text) });

Deno.test("keys of all tools mean the same registries", () => {
  assertEquals(
    [
      ...[
        "https://index.docker.io/v1/",
        "registry-1.docker.io",
        "docker.io/",
        "Index.Docker.io/v1",
      ],
      ...["https://Example.com:5000/v2/", "http://example.com:5000", "quay.io/Org/x/"],
    ].map(normalizeKey),
    [
      ...["docker.io", "docker.io", "docker.io", "docker.io"],
      ...["example.com:5000", "example.com:5000", "quay.io/Org/x"],
    ],
  );
});

Deno.test("the longest key that a repository begins with wins", () => {
  const keys = ["quay.io", "quay.io/org", "https://quay.io/org/app/", "quay.io/organ", "x.io"];
  const near = (host: string, repository: string) => nearestKey(keys, host, repository);
  assertEquals(near("quay.io", "org/app"), "https://quay.io/org/app/");
  assertEquals(near("quay.io", "org/app/sub"), "https://quay.io/org/app/");
  assertEquals(near("quay.io", "org/apple"), "quay.io/org");
  assertEquals(near("quay.io", "orga"), "quay.io");
  assertEquals(near("quay.io", ""), "quay.io");
  assertEquals(near("quay.io:5000", "org"), null);
  assertEquals(near("io", "org"), null);
});

Deno.test("entries hold a user and a password, or an identity token", () => {
  const of = (entry: Parameters<typeof credentialsOf>[0]) => shown(credentialsOf(entry, "it"));
  assertEquals(of(auth("user:pa:ss")), "user:pa:ss");
  assertEquals(of(auth("user:pass\0\0")), "user:pass");
  assertEquals(of({ username: "u", password: "p" }), "u:p");
  assertEquals(of({ ...auth("00000000:"), identitytoken: "t" }), "token t");
  assertEquals(of({}), null);
  assertEquals(of({ username: "u" }), null);
  for (const wrong of ["!", btoa("no colon"), btoa("\xff\xfe:")]) {
    const error = assertThrows(() => of({ auth: wrong }), UserError);
    assertEquals(error.message, "Cannot use it: auth is not base64 of USER:PASSWORD");
  }
});

for (
  const [text, reason] of [
    ['{"auths": "secret', "it is not valid JSON"],
    ["[]", "it is no JSON object"],
    ['{"auths": []}', "auths is no object"],
    ['{"credHelpers": 1}', "credHelpers is no object"],
  ] as const
) {
  Deno.test(`logins ${text} are refused without showing them`, () => {
    const error = assertThrows(() => parseDockerConfig(text, "/f"), UserError);
    assertEquals([error.code, error.message], [
      "validation",
      `Cannot read the registry logins of "/f": ${reason}`,
    ]);
  });
}

Deno.test("a file is read in its order: own helper, nearest entry, helper for everything", async () => {
  await using place = await Place.make({
    auths: {
      "example.com": auth("a:1"),
      "example.com/team": auth("b:2"),
      "helped.example.com": auth("never:1"),
      "empty.example.com": {},
    },
    credHelpers: {
      "helped.example.com": "own",
      "none.example.com": "knows-nothing",
      "plain.example.com": "",
    },
    credsStore: "all",
    unknown: { kept: true },
  });
  await place.addHelper("own", `echo '{"ServerURL":"x","Username":"own","Secret":"s"}'`);
  await place.addHelper("all", `echo '{"Username":"<token>","Secret":"t"}'`);
  await place.addHelper("knows-nothing", "echo credentials not found in native keychain; exit 1");
  const source = place.open();
  const find = async (host: string, repository = "") => shown(await source.find(host, repository));
  assertEquals(await find("example.com", "other"), "a:1");
  assertEquals(await find("example.com", "team/app"), "b:2");
  assertEquals(await find("helped.example.com"), "own:s");
  assertEquals(await find("helped.example.com", "again"), "own:s");
  assertEquals(await find("none.example.com"), null);
  assertEquals(await find("plain.example.com"), null);
  assertEquals(await find("empty.example.com"), "token t");
  assertEquals(await find("docker.io", "library/nginx"), "token t");
  assertEquals(await place.calls(), [
    "get helped.example.com",
    "get none.example.com",
    "get empty.example.com",
    "get https://index.docker.io/v1/",
  ]);
  assertEquals(place.warnings, []);
});

for (
  const name of ["../evil", "a/b", "a;b", "a b", "-x", "ä", "a\n", "$(id)", "a.b"]
) {
  Deno.test(`a helper named ${JSON.stringify(name)} is never run`, async () => {
    await using place = await Place.make({ credHelpers: { "example.com": name } });
    const error = await assertRejects(
      () => place.open().find("example.com", ""),
      UserError,
    );
    assertEquals([error.code, error.message], [
      "validation",
      `Cannot use the credential helper "${name}" of "${place.path}"`,
    ]);
  });
}

const BROKEN_HELPERS: [string, string | null, string][] = [
  ["is not there", null, "was not found"],
  ["fails", "echo secret-thing; exit 3", "failed with exit status 3"],
  ["prints no JSON", "echo secret-thing", "printed something else than credentials"],
  ["prints other JSON", "echo '[]'", "printed something else than credentials"],
  ["prints null", "echo null", "printed something else than credentials"],
];

for (const [name, script, reason] of BROKEN_HELPERS) {
  Deno.test(`a helper that ${name} is told about, and the run goes on`, async () => {
    await using place = await Place.make({ credsStore: "broken" });
    if (script !== null) await place.addHelper("broken", script);
    assertEquals(await place.open().find("example.com", ""), null);
    assertEquals(place.warnings, [
      `credentials of example.com not read: docker-credential-broken of "${place.path}" ${reason}`,
    ]);
  });
}

Deno.test("a broken file of another tool is told about; one that the user named ends the run", async () => {
  await using place = await Place.make("{");
  const message = `Cannot read the registry logins of "${place.path}": it is not valid JSON`;
  assertEquals(await place.open().find("example.com", ""), null);
  assertEquals(place.warnings, [message]);
  const error = await assertRejects(() => place.open(true).find("example.com", ""), UserError);
  assertEquals(error.message, message);
  await Deno.remove(place.path);
  assertEquals(await place.open().find("example.com", ""), null);
  const missing = await assertRejects(() => place.open(true).find("example.com", ""), UserError);
  assertEquals([missing.code, missing.message], [
    "io",
    `Cannot read the registry logins of "${place.path}": no such file or folder`,
  ]);
});

Deno.test("files are looked for where their tools keep them", () => {
  const paths = (variables: Record<string, string>, os = "linux") =>
    loginFiles({ env: environmentOf(variables), platform: { ...systemPlatform(), os } });
  assertEquals(
    paths({
      REGISTRY_AUTH_FILE: "/a.json",
      DOCKER_CONFIG: "/d",
      HOME: "/h",
      XDG_RUNTIME_DIR: "/r",
    }),
    [
      { path: "/a.json", isRequired: true },
      { path: "/d/config.json", isRequired: false },
      { path: "/r/containers/auth.json", isRequired: false },
    ],
  );
  assertEquals(paths({ HOME: "/h" }).map(({ path }) => path), ["/h/.docker/config.json"]);
  assertEquals(paths({ USERPROFILE: "C:/u" }, "windows").map(({ path }) => path), [
    "C:/u/.docker/config.json",
  ]);
  assertEquals(paths({}), []);
});

Deno.test("the first source that has something wins, and is asked once", async () => {
  const asked: string[] = [];
  const source = (name: string, has: string): CredentialSource => ({
    find(host) {
      asked.push(`${name} ${host}`);
      return Promise.resolve(
        host === has ? { kind: "password", username: name, password: new Secret("p") } : null,
      );
    },
  });
  const found: (string | null)[] = [];
  const chain = credentialChain(
    [source("first", "a"), source("second", "b")],
    (credentials) => found.push(shown(credentials)),
  );
  const users = await Promise.all(
    ["a", "b", "c", "b"].map(async (host) => shown(await chain.find(host, ""))),
  );
  assertEquals(users, ["first:p", "second:p", null, "second:p"]);
  assertEquals(asked.sort(), ["first a", "first b", "first c", "second b", "second c"]);
  assertEquals(found.sort(), ["first:p", "second:p"]);
});
