import { UserError } from "../../errors.ts";
import { type Bundle, BUNDLE_REQUIRES, bundleNamesOf, itemsOf } from "../../content/bundle.ts";
import { destinationOf } from "../../content/destination.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { answerRegistry, type RegistryOptions } from "../../oci/server/answer_registry.ts";
import { ItemCatalog } from "../../oci/server/item_catalog.ts";
import type { ServedItem } from "../../oci/server/served_content.ts";
import { formatSummary } from "../../output/summary.ts";
import { type HttpServer, ListenError, type ListenOptions } from "../../runtime/http_server.ts";
import type { CommandContext } from "../context.ts";
import { expandPath } from "../paths.ts";
import { archOf } from "./arch.ts";
import { localPathOf, openLocalBundle } from "./open_local_bundle.ts";
import { readServerTls } from "./server_tls.ts";
import { DEFAULT_JOBS } from "./transfer_defaults.ts";

export interface ServeOptions {
  bundle: string | undefined;
  disk: string | undefined;
  /** Empty: every address of this machine. */
  host: string;
  port: number;
  isWritable: boolean;
  arch: string | undefined;
  tlsCert: string | undefined;
  tlsKey: string | undefined;
  progress: boolean | undefined;
}

const BASE_PATH = "bundle";
const MAX_PORT = 65_535;

type Answer = (request: Request) => Promise<Response>;

/** What a registry serves, and how its server is left behind. */
interface Served {
  parts: Pick<RegistryOptions, "content" | "target">;
  /** Items of the bundle. */
  count: number;
  end: () => Promise<void>;
}

/** Serves a bundle until a signal ends it. */
export async function serveBundle(options: ServeOptions, context: CommandContext): Promise<void> {
  const { runtime, printer, log } = context;
  const { crypto } = runtime;
  // Refused before the bundle is opened.
  archOf(options.arch);
  if (options.bundle === undefined) {
    throw new UserError("usage", "--bundle is required", {
      hint: "palette content serve --bundle bundle.tar.zst",
    });
  }
  const listenOptions = await listenOptionsOf(options, context);
  const bundle = await openLocalBundle(localPathOf(options.bundle, runtime), context);
  try {
    const served = await serve(await partFor(options.arch, bundle, context), options, context);
    try {
      const signal = context.endSignal;
      const answer = answerRegistry({
        ...served.parts,
        crypto,
        basePath: BASE_PATH,
        // What is cut off at the end was cut off by us.
        warn: (text) => signal.aborted || printer.warn(text),
      });
      const server = await listen(listenOptions, async (request) => {
        const response = await answer(request);
        log.debug(`${request.method} ${new URL(request.url).pathname} ${response.status}`);
        return response;
      }, context);
      try {
        warnOfReach(options, server, context);
        await tell(bundle, served.count, { options, server, context });
        await aborted(signal);
      } finally {
        await server.kill();
      }
    } finally {
      await served.end();
    }
  } finally {
    bundle.close();
  }
}

/** Of a bundle that is whole nothing is read for it, nor a module loaded. */
async function warnIfThin(bundle: Bundle, context: CommandContext): Promise<void> {
  if (bundle.annotations[BUNDLE_REQUIRES] === undefined) return;
  const { warnOfThin } = await import("./warn_of_thin.ts");
  await warnOfThin(bundle, "pulls of what needs them fail", context);
}

/** All of it costs nothing; only a part needs the modules that read definitions. */
async function partFor(
  arch: string | undefined,
  bundle: Bundle,
  context: CommandContext,
): Promise<Bundle> {
  if (arch === undefined) return bundle;
  const { selectContent } = await import("./select_content.ts");
  return await selectContent(bundle, [], { arch, jobs: DEFAULT_JOBS }, context);
}

async function serve(
  bundle: Bundle,
  options: ServeOptions,
  context: CommandContext,
): Promise<Served> {
  const { crypto } = context.runtime;
  const { items } = bundle;
  const warn = (text: string) => context.printer.warn(text);
  if (options.disk !== undefined) {
    const { serveFromDisk } = await import("./serve_from_disk.ts");
    const { disk, isWritable, progress } = options;
    return await serveFromDisk(bundle, items, { disk, isWritable, progress, nameItem }, context);
  }
  await warnIfThin(bundle, context);
  const named = await Promise.all(items.map(({ descriptor }) => nameItem(descriptor)));
  const parts = { source: bundle.source, crypto, warn };
  const found = named.filter((item) => item !== null);
  return {
    parts: { content: new ItemCatalog(found, parts) },
    count: found.length,
    end: () => Promise.resolve(),
  };

  async function nameItem(descriptor: Descriptor): Promise<ServedItem | null> {
    const [item] = itemsOf([descriptor]);
    const place = item === undefined ? null : await destinationOf(item, bundle.name, crypto);
    if (place !== null) return { ...place, descriptor };
    warn(`not served, since no registry can have such a name: ${item?.ref}`);
    return null;
  }
}

async function listenOptionsOf(
  { host, port, tlsCert, tlsKey }: ServeOptions,
  context: CommandContext,
): Promise<ListenOptions> {
  if (port > MAX_PORT) {
    throw new UserError("validation", `--port must be at most ${MAX_PORT}, not ${port}`);
  }
  const tls = tlsCert === undefined || tlsKey === undefined
    ? {}
    : { tls: await readServerTls({ cert: tlsCert, key: tlsKey }, context) };
  return { hostname: host.replace(/^\[(.*)\]$/, "$1"), port, ...tls };
}

async function listen(
  options: ListenOptions,
  answer: Answer,
  { runtime }: CommandContext,
): Promise<HttpServer> {
  // All addresses of both families, and of the older one where there is no other.
  const hosts = options.hostname === "" ? ["::", "0.0.0.0"] : [options.hostname];
  for (const [at, hostname] of hosts.entries()) {
    try {
      return await runtime.serve({ ...options, hostname }, answer);
    } catch (error) {
      if (!(error instanceof ListenError)) throw error;
      if (error.kind !== "in-use" && at < hosts.length - 1) continue;
      const place = addressOf(options.hostname, options.port);
      throw new UserError("io", `Cannot listen on ${place}: ${error.message}`, {
        hint: error.kind === "in-use"
          ? "Choose another port with --port"
          : "Choose another address with --host",
        cause: error,
      });
    }
  }
  throw new RangeError("no host to listen on");
}

function addressOf(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

function warnOfReach(
  { host, tlsCert, isWritable }: ServeOptions,
  { port }: HttpServer,
  { printer }: CommandContext,
): void {
  if (tlsCert !== undefined || isLoopback(host.replace(/^\[(.*)\]$/, "$1"))) return;
  printer.warn(
    `whoever reaches port ${port} can read this bundle, unencrypted${
      isWritable ? ", and push to it" : ""
    }; --tls-cert encrypts, --host 127.0.0.1 keeps it on this machine`,
  );
}

async function tell(
  bundle: Bundle,
  count: number,
  { options, server, context }: {
    options: ServeOptions;
    server: HttpServer;
    context: CommandContext;
  },
): Promise<void> {
  const address = `${
    addressOf(options.host.replace(/^\[(.*)\]$/, "$1"), server.port)
  }/${BASE_PATH}`;
  await context.printer.result({
    document: () => ({
      bundle: bundle.name,
      address,
      port: server.port,
      tls: options.tlsCert !== undefined,
      items: count,
      disk: options.disk === undefined ? null : expandPath(options.disk, context.runtime),
      writable: options.isWritable,
    }),
    text: () =>
      formatSummary(
        "Push",
        bundleNamesOf(bundle).map((name) => `local bundle ${name} pushed to ${address}`),
      ),
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
