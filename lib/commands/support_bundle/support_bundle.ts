import { packTar } from "modern-tar";
import { UserError } from "../../errors.ts";
import { ioError } from "../../config/file_store.ts";
import { sanitizeLine } from "../../output/sanitize.ts";
import { joinPath } from "../../runtime/files.ts";
import type { CommandContext } from "../context.ts";
import { type BundledFile, collectFiles } from "./contents.ts";

export interface SupportBundleOptions {
  outputFile?: string | undefined;
}

const FILE_MODE = 0o600;

/** Writes the archive; an existing file is never replaced. */
export async function writeSupportBundle(
  { outputFile }: SupportBundleOptions,
  context: CommandContext,
): Promise<void> {
  const { printer, runtime } = context;
  const name = `palette-support-${timestamp(runtime.clock.now())}`;
  const path = outputFile ?? joinPath(".", `${name}.tar.gz`);
  const { files } = runtime;
  if (await files.linkInfo(path) !== null) {
    throw new UserError("io", `Cannot write "${path}": it exists already`, {
      hint: "Choose another name with --output-file",
    });
  }
  const contents = await collectFiles(context);
  try {
    await files.createFlushed(
      path,
      await archiveOf(name, contents, runtime.clock.now()),
      FILE_MODE,
    );
  } catch (error) {
    throw ioError("write", path, error);
  }
  await printer.result({
    document: () => ({ file: files.absolute(path), contents: contents.map((file) => file.name) }),
    text: () => `${sanitizeLine(path)}\n`,
  });
}

async function archiveOf(
  folder: string,
  contents: BundledFile[],
  now: Date,
): Promise<Uint8Array<ArrayBuffer>> {
  const tar = await packTar(contents.map(({ name, text }) => {
    const body = new TextEncoder().encode(text);
    return {
      header: { name: `${folder}/${name}`, size: body.length, mode: FILE_MODE, mtime: now },
      body,
    };
  }));
  const stream = new Blob([new Uint8Array(tar)]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** `20261124-081500`, in UTC. */
function timestamp(now: Date): string {
  return now.toISOString().replace(/\.\d+Z$/, "").replace(/[-:]/g, "").replace("T", "-");
}
