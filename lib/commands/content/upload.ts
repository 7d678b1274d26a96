import { UserError } from "../../errors.ts";
import { readCaFile } from "../../api/ca_file.ts";
import { FileStore } from "../../config/file_store.ts";
import { wholeNameOf } from "../../content/archive/whole_name.ts";
import { readSignature, signatureFileOf } from "../../content/signing/signature_file.ts";
import { checkBundleForHost } from "../../content/upload/check_bundle.ts";
import { EdgeHost } from "../../content/upload/edge_host.ts";
import {
  assertClusterDefinition,
  checkSignatureForHost,
  digestOfSource,
} from "../../content/upload/preflight.ts";
import { resumeKeyOf, ResumeStore } from "../../content/upload/resume_store.ts";
import { uploadContent } from "../../content/upload/upload_content.ts";
import type { UploadReport, UploadResult } from "../../content/upload/upload_report.ts";
import { openFileSource, type UploadSource } from "../../content/upload/upload_source.ts";
import { openUrlSource } from "../../content/upload/url_source.ts";
import { formatElapsed } from "../../output/age.ts";
import { formatBytes } from "../../output/bytes.ts";
import { sanitizeLine } from "../../output/sanitize.ts";
import { TransferProgress } from "../../output/transfer_progress.ts";
import { baseName, joinPath } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import { expandPath } from "../paths.ts";
import { localPathOf, spoolFolderOf } from "./open_local_bundle.ts";
import { uploadToken } from "./upload_token.ts";

export interface UploadCommandOptions {
  host: string;
  file: string | undefined;
  /** The file came with the older flag. */
  isAppFlag: boolean;
  srcUrl: string | undefined;
  token: string | undefined;
  tokenFile: string | undefined;
  port: number;
  isClusterExport: boolean;
  signature: string | undefined;
  tls: boolean;
  /** Undefined: on, unless there is a CA to check with. */
  insecure: boolean | undefined;
  ca: string | undefined;
  chunkSizeMib: number;
  connections: number;
  resume: boolean;
  fullVerify: boolean;
  isLegacy: boolean;
  allowsThin: boolean;
}

const MIB = 1024 * 1024;
const MAX_CHUNK_MIB = 4096;
const MAX_CONNECTIONS = 32;

/** Brings a bundle or a cluster definition to an Edge host. */
export async function upload(
  options: UploadCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { printer, runtime } = context;
  const { crypto } = runtime;
  if (options.isAppFlag) printer.warn("--app is an older name of --file");
  const origin = originOf(options);
  const sourceFlag = sourceOf(options, context);
  if (options.chunkSizeMib > MAX_CHUNK_MIB) {
    throw new UserError("usage", `--chunk-size must be at most ${MAX_CHUNK_MIB}`);
  }
  const connections = Math.min(options.connections, MAX_CONNECTIONS);
  if (connections < options.connections) {
    context.log.warn(`${MAX_CONNECTIONS} connections instead of ${options.connections}`);
  }
  const token = await uploadToken(options, context);
  const caCertificates = options.ca === undefined
    ? []
    : await readCaFile(expandPath(options.ca, runtime), "--ca", runtime.files);
  const progress = new TransferProgress({
    stderr: runtime.streams.stderr,
    clock: runtime.clock,
    isSilent: context.settings.quiet || printer.format !== "table",
    color: context.settings.color,
  });
  const report: UploadReport = {
    say: (line) => {
      context.log.info(line);
      progress.say(line);
    },
    moved: ({ chunks, ...bytes }) => progress.moved({ ...bytes, label: chunks ?? "" }),
  };
  const parts = {
    clock: runtime.clock,
    log: context.log,
    random: () => (crypto.randomBytes(1)[0] ?? 0) / 256,
    signal: context.signal,
  };
  await using opened = new Opened();
  const transport = opened.add(
    await runtime.openTransport({
      insecure: options.insecure ?? options.ca === undefined,
      caCertificates,
    }),
  );
  const host = new EdgeHost(origin, token, { ...parts, transport });
  let source: UploadSource;
  if (sourceFlag.kind === "file") source = await openFileSource(sourceFlag.path, runtime);
  else {
    const verified = opened.add(
      await runtime.openTransport({ insecure: false, caCertificates }),
    );
    source = await openUrlSource(sourceFlag.url, { ...parts, transport: verified, crypto });
  }
  opened.add(source);
  const signature = await signatureOf(options, source, context);
  if (options.isClusterExport) await assertClusterDefinition(source, context.signal);
  else if (sourceFlag.kind === "file") {
    await checkBundleForHost(host, sourceFlag.path, {
      files: runtime.files,
      crypto,
      spoolFolder: spoolFolderOf(context),
      allowsThin: options.allowsThin,
    });
  }
  try {
    const known = await checkSignatureForHost(host, source, signature?.bytes ?? null, {
      crypto,
      report,
    });
    const sha256 = known ??
      (options.fullVerify ? await digestOfSource(host, source, { crypto, report }) : null);
    const result = await uploadContent(host, source, {
      kind: options.isClusterExport ? "clusterconfig" : "content",
      signature,
      chunkSize: options.chunkSizeMib * MIB,
      connections,
      resume: options.resume,
      fullVerify: options.fullVerify,
      isLegacy: options.isLegacy,
      sha256,
      key: resumeKeyOf(origin.hostname, options.port, source.name),
    }, { crypto, notes: notesOf(context), report });
    progress.end();
    await show(result, host, context);
  } finally {
    progress.end();
    if (context.signal.aborted && !options.isLegacy) {
      printer.notice("stopped; the same command goes on where it stopped");
    }
  }
}

/** Closed in reverse, however the run ends. */
class Opened implements AsyncDisposable {
  readonly #parts: { close(): void }[] = [];

  add<T extends { close(): void }>(part: T): T {
    this.#parts.push(part);
    return part;
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const part of this.#parts.toReversed()) part.close();
    return Promise.resolve();
  }
}

function originOf({ host, port, tls }: UploadCommandOptions): URL {
  const bare = host.replace(/^https?:\/\//i, "").replace(/\/$/, "");
  const name = /^[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*$/i.test(bare) ? `[${bare}]` : bare;
  const text = `${tls ? "https" : "http"}://${name}:${port}`;
  const isHost = /^(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9._-]*[a-z0-9])?)$/i.test(name);
  if (isHost && URL.canParse(text)) return new URL(text);
  throw new UserError("usage", `Cannot upload to "${host}": it is no host, or ${port} is no port`, {
    hint: "Give the address or name of the host alone, and another port with --port",
  });
}

/** What is uploaded: one file, from here or from elsewhere. */
function sourceOf(
  { file, srcUrl }: UploadCommandOptions,
  { runtime }: CommandContext,
): { kind: "file"; path: string } | { kind: "url"; url: string } {
  if (file !== undefined && srcUrl !== undefined) {
    throw new UserError("usage", "--file and --src-url cannot be used together");
  }
  if (file !== undefined) return { kind: "file", path: localPathOf(file, runtime) };
  if (srcUrl !== undefined) return { kind: "url", url: srcUrl };
  throw new UserError("usage", "There is nothing to upload", {
    hint: "Give the file with --file, or its address with --src-url",
  });
}

async function signatureOf(
  { signature }: UploadCommandOptions,
  source: UploadSource,
  { runtime }: CommandContext,
): Promise<{ fileName: string; bytes: Uint8Array<ArrayBuffer> } | null> {
  const { files } = runtime;
  const beside = signatureFileOf(wholeNameOf(source.place));
  const isBeside = source.isLocal && (await files.info(beside))?.isFile === true;
  const path = signature ?? (isBeside ? beside : null);
  if (path === null) return null;
  return { fileName: baseName(path), bytes: await readSignature(path, files) };
}

function notesOf({ runtime, workspace, log }: CommandContext): ResumeStore {
  const { files, env, platform } = runtime;
  const temporary = env.get("TMPDIR") ?? env.get("TEMP") ??
    (platform.os === "windows" ? null : "/tmp");
  const store = new FileStore({ ...runtime, onWarning: (text) => log.warn(text) });
  return new ResumeStore({
    file: joinPath(workspace.root, "uploads.json"),
    fallback: temporary === null ? null : joinPath(temporary, ".palette-uploads.json"),
  }, { store, files, log, uid: platform.uid });
}

async function show(
  result: UploadResult,
  host: EdgeHost,
  { printer }: CommandContext,
): Promise<void> {
  const { protocol, fileName, size, sentBytes, elapsedMs, chunks, sha256, message } = result;
  const speed = (sentBytes / 1e6 / (Math.max(1, elapsedMs) / 1000)).toFixed(1);
  await printer.result({
    document: () => ({
      host: host.place,
      file: fileName,
      size,
      protocol,
      sentBytes,
      elapsedMs: Math.round(elapsedMs),
      chunks: chunks === null ? null : { ...chunks },
      sha256,
      message,
    }),
    text: () =>
      protocol === "legacy"
        ? `response: ${sanitizeLine(message)}\n`
        : `upload complete (100%): ${formatBytes(sentBytes)} transferred in ` +
          `${formatElapsed(elapsedMs)} (${speed} MB/s)\n` +
          (message === "" ? "" : `server: ${sanitizeLine(message)}\n`) +
          "extraction complete: content is ready on the host\n",
  });
}
