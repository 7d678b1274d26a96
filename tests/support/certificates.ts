/** Certificates made with openssl when a test first asks for one. */

export interface Certificate {
  /** PEM. */
  cert: string;
  key: string;
}

export interface Certificates {
  /** A private CA that nobody trusts unless told to. */
  ca: Certificate;
  caFile: string;
  /** For 127.0.0.1 and localhost, by the CA. */
  server: Certificate;
  expired: Certificate;
  /** For another name, by the CA. */
  otherName: Certificate;
  /** Signed by itself, no CA. */
  selfSigned: Certificate;
  /** Signed by itself and marked as a CA, as openssl makes them by default. */
  selfSignedCa: Certificate;
}

let made: Promise<Certificates> | undefined;

/** All certificates, made once a process; the folder goes with the process. */
export function certificates(): Promise<Certificates> {
  return made ??= make();
}

const NAMES = "subjectAltName=IP:127.0.0.1,DNS:localhost";

async function make(): Promise<Certificates> {
  const folder = await Deno.makeTempDir({ prefix: "palette-certificates-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const at = (name: string) => `${folder}/${name}`;
  const openssl = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command("openssl", { args, stdin: "null" }).output();
    if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  };
  const selfSigned = async (name: string, isCa: boolean, names: string[]) => {
    await openssl(
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-keyout", at(`${name}.key`), "-out", at(`${name}.pem`), "-days", "2"],
      ...[
        "-subj",
        `/CN=${name}`,
        "-addext",
        `basicConstraints=critical,CA:${isCa ? "TRUE" : "FALSE"}`,
      ],
      ...names.flatMap((text) => ["-addext", text]),
    );
  };
  const signed = async (name: string, names: string, notAfter?: string) => {
    await openssl(
      ...["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-keyout", at(`${name}.key`), "-out", at(`${name}.csr`), "-subj", `/CN=${name}`],
    );
    await Deno.writeTextFile(at(`${name}.ext`), `${names}\nbasicConstraints=critical,CA:FALSE\n`);
    const serial = String(Math.floor(Math.random() * 1e12));
    const days = notAfter === undefined ? ["-days", "2"] : ["-days", notAfter];
    await openssl(
      ...["x509", "-req", "-in", at(`${name}.csr`), "-CA", at("ca.pem"), "-CAkey", at("ca.key")],
      ...["-set_serial", serial, "-out", at(`${name}.pem`), "-extfile", at(`${name}.ext`), ...days],
    );
  };
  await selfSigned("ca", true, ["keyUsage=critical,keyCertSign,cRLSign"]);
  await Promise.all([
    signed("server", NAMES),
    signed("expired", NAMES, "-1"),
    signed("other", "subjectAltName=DNS:other.example.com"),
    selfSigned("self", false, [NAMES]),
    selfSigned("self-ca", true, [NAMES]),
  ]);
  const read = async (name: string): Promise<Certificate> => ({
    cert: await Deno.readTextFile(at(`${name}.pem`)),
    key: await Deno.readTextFile(at(`${name}.key`)),
  });
  return {
    ca: await read("ca"),
    caFile: at("ca.pem"),
    server: await read("server"),
    expired: await read("expired"),
    otherName: await read("other"),
    selfSigned: await read("self"),
    selfSignedCa: await read("self-ca"),
  };
}

/** A server by openssl that speaks only to clients with a certificate of the CA. */
export async function startStrictServer(
  { caFile, server }: Certificates,
): Promise<AsyncDisposable & { host: string }> {
  const folder = await Deno.makeTempDir({ prefix: "palette-strict-" });
  await Deno.writeTextFile(`${folder}/cert.pem`, server.cert);
  await Deno.writeTextFile(`${folder}/key.pem`, server.key);
  const port = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const host = `127.0.0.1:${port.addr.port}`;
  port.close();
  const child = new Deno.Command("openssl", {
    args: [
      ...["s_server", "-accept", host, "-cert", `${folder}/cert.pem`, "-key", `${folder}/key.pem`],
      ...["-CAfile", caFile, "-Verify", "1", "-verify_return_error", "-www", "-quiet"],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const [hostname = "", at] = host.split(":");
  for (let tries = 0; tries < 200; tries++) {
    try {
      (await Deno.connect({ hostname, port: Number(at) })).close();
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return {
    host,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}
