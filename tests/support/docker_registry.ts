/** Debian's docker-registry on a free port of 127.0.0.1, with a storage of its own. */

import type { Certificate } from "./certificates.ts";

export interface DockerRegistryOptions {
  tls?: Certificate;
  /** Ask for this user. */
  login?: typeof REGISTRY_LOGIN;
}

/** The one user there can be: its hash is made beforehand, nothing here makes bcrypt. */
export const REGISTRY_LOGIN = { username: "palette-user", password: "Tr0ub4dor" };
const HASH = "$2b$04$dmNoofwqd6tuMACEWIjgye5nHxjTWQBZ56hvJr8m4dpF7plph9qPy";

export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  host: string;
  /** With protocol. */
  url: string;
  storage: string;
}

const READY_MS = 20_000;

/** Starts a registry, and waits until it answers. */
export async function startDockerRegistry(
  { tls, login }: DockerRegistryOptions = {},
): Promise<DockerRegistry> {
  const folder = await Deno.makeTempDir({ prefix: "palette-registry-" });
  const port = freePort();
  const host = `127.0.0.1:${port}`;
  if (tls !== undefined) {
    await Deno.writeTextFile(`${folder}/cert.pem`, tls.cert);
    await Deno.writeTextFile(`${folder}/key.pem`, tls.key);
  }
  await Deno.writeTextFile(`${folder}/htpasswd`, `${REGISTRY_LOGIN.username}:${HASH}\n`);
  await Deno.writeTextFile(
    `${folder}/config.yml`,
    `version: 0.1
log: { level: error }
storage:
  filesystem: { rootdirectory: ${folder}/storage }
  delete: { enabled: true }
  maintenance: { uploadpurging: { enabled: false } }
http:
  addr: ${host}
  secret: not-one
${tls === undefined ? "" : `  tls: { certificate: ${folder}/cert.pem, key: ${folder}/key.pem }`}
${
      login === undefined
        ? ""
        : `auth: { htpasswd: { realm: palette-tests, path: ${folder}/htpasswd } }`
    }
`,
  );
  const child = new Deno.Command("docker-registry", {
    args: ["serve", `${folder}/config.yml`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const stop = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // Ended already.
    }
    await child.status;
    await Deno.remove(folder, { recursive: true });
  };
  try {
    await waitForPort(port);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    host,
    url: `${tls === undefined ? "http" : "https"}://${host}`,
    storage: `${folder}/storage`,
    [Symbol.asyncDispose]: stop,
  };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function waitForPort(port: number): Promise<void> {
  const until = performance.now() + READY_MS;
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
