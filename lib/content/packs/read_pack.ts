import { UserError } from "../../errors.ts";
import { isTag } from "../../oci/reference.ts";
import { FileError, type Files, joinPath } from "../../runtime/files.ts";
import { tagOf } from "../definition/item_refs.ts";
import { isSafePath } from "../safe_path.ts";
import { imagesOfChart } from "./chart_images.ts";
import { type Pack, PACK_LAYERS, type PackArchive } from "./pack.ts";
import { listFolder, packFolder, streamFile } from "./pack_folder.ts";
import { walkTarGzip } from "./walk_tar.ts";

/** Files of a pack that are looked into, and the names of all others. */
interface PackFiles {
  /** By path below the pack's folder. */
  texts: Map<string, string>;
  charts: Map<string, string[]>;
  names: Set<string>;
}

const MAX_TEXT_BYTES = 4 * 1024 * 1024;
const MAX_TEXTS_BYTES = 64 * 1024 * 1024;
const MAX_CHART_BYTES = 32 * 1024 * 1024;
const REQUIRED = ["name", "displayName", "version", "layer"];
/** A part of a repository's path (OCI distribution spec, "Pulling manifests"). */
const NAME = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/;

/**
 * Reads a pack: a folder, or its tar.gz with or without a top folder.
 * @param place As the user gave it, for messages.
 * @throws {UserError} `validation`, `io`
 */
export async function readPack(path: string, place: string, files: Files): Promise<Pack> {
  try {
    const info = await files.info(path);
    if (info === null) throw new FileError("not-found", "no such file or folder");
    if (info.isFolder) return await readPackFolder(path, place, files);
    const contents = await readArchive(streamFile(path, files), place);
    return packOf(
      contents,
      place,
      (fileName) => ({ fileName, open: () => Promise.resolve(streamFile(path, files)) }),
    );
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new UserError("io", `Cannot read pack "${place}": ${error.message}`, {
      hint: "Check the path and its permissions",
      cause: error,
    });
  }
}

async function readPackFolder(folder: string, place: string, files: Files): Promise<Pack> {
  const contents = emptyFiles();
  for (const { path, size } of await listFolder(folder, files)) {
    const full = joinPath(folder, path);
    await lookInto({ path, size, read: () => files.readBytes(full) }, contents, place);
  }
  return packOf(contents, place, (fileName) => ({
    fileName,
    open: () => packFolder(folder, fileName.replace(/\.tar\.gz$/, ""), files),
  }));
}

async function readArchive(input: ReadableStream<Uint8Array>, place: string): Promise<PackFiles> {
  const contents = emptyFiles();
  await walkTarGzip(input, `pack "${place}"`, (file) => lookInto(file, contents, place));
  if (contents.names.has("pack.json")) return contents;
  const tops = new Set([...contents.names].map((name) => name.split("/")[0] ?? ""));
  const [top = "", ...others] = [...tops].filter((name) => contents.names.has(`${name}/pack.json`));
  if (others.length > 0) {
    throw unfit(place, `it has several packs: ${[top, ...others].sort().join(", ")}`);
  }
  return below(contents, `${top}/`);
}

/** Keeps the text or the images of a file that matters; every name. */
async function lookInto(
  { path, size, read }: { path: string; size: number; read: () => Promise<Uint8Array> },
  contents: PackFiles,
  place: string,
): Promise<void> {
  contents.names.add(path);
  if (/\.(ya?ml|json)$/.test(path)) {
    if (size > MAX_TEXT_BYTES) throw unfit(place, `"${path}" is larger than 4 MiB`);
    const text = decode(await read(), path, place);
    contents.texts.set(path, text);
    const total = [...contents.texts.values()].reduce((sum, { length }) => sum + length, 0);
    if (total > MAX_TEXTS_BYTES) throw unfit(place, "its YAML files are larger than 64 MiB");
  } else if (/\.tgz$/.test(path) && size <= MAX_CHART_BYTES) {
    const bytes = new Uint8Array(await read());
    const what = `chart "${path}" of pack "${place}"`;
    contents.charts.set(path, await imagesOfChart(new Blob([bytes]).stream(), what));
  }
}

function emptyFiles(): PackFiles {
  return { texts: new Map(), charts: new Map(), names: new Set() };
}

function below({ texts, charts, names }: PackFiles, prefix: string): PackFiles {
  const cut = <T>(map: Map<string, T>) =>
    new Map(
      [...map].filter(([path]) => path.startsWith(prefix))
        .map(([path, value]) => [path.slice(prefix.length), value] as const),
    );
  return {
    texts: cut(texts),
    charts: cut(charts),
    names: new Set(
      [...names].filter((path) => path.startsWith(prefix))
        .map((path) => path.slice(prefix.length)),
    ),
  };
}

function packOf(
  { texts, charts, names }: PackFiles,
  place: string,
  archiveOf: (fileName: string) => PackArchive,
): Pack {
  const document = readPackJson(texts.get("pack.json"), place);
  const text = (key: string) => {
    const value = document[key];
    return typeof value === "string" ? value : "";
  };
  const missing = REQUIRED.filter((key) => text(key) === "");
  if (missing.length > 0) throw unfit(place, `pack.json has no ${missing.join(", ")}`);
  const [name, version, layer] = [text("name"), text("version"), text("layer")];
  if (!NAME.test(name)) {
    throw unfit(place, `its name "${name}" must be made of a-z, 0-9 and single . _ -`);
  }
  if (!isTag(tagOf(version))) throw unfit(place, `its version "${version}" cannot be a tag`);
  if (!PACK_LAYERS.some((known) => known === layer)) {
    throw unfit(place, `its layer must be one of ${PACK_LAYERS.join(", ")}, not "${layer}"`);
  }
  const values = texts.get("values.yaml");
  if (values === undefined) throw unfit(place, "it has no values.yaml");
  const listed = [
    ...pathsOf(document, "kubeManifests", place),
    ...pathsOf(document, "KubeManifests", place),
  ];
  for (const path of [...listed, ...pathsOf(document, "charts", place)]) {
    if (!names.has(path)) throw unfit(place, `pack.json lists "${path}", which is not there`);
  }
  const manifests = [...texts]
    .filter(([path]) => listed.includes(path) || /^manifests\/.*\.ya?ml$/.test(path))
    .map(([path, content]) => ({ path, text: content }));
  return {
    name,
    displayName: text("displayName"),
    version,
    layer,
    place,
    values,
    manifests: manifests.sort((a, b) => a.path < b.path ? -1 : 1),
    charts: [...charts].map(([path, images]) => ({ path, images }))
      .sort((a, b) => a.path < b.path ? -1 : 1),
    warnings: names.has("logo.png") ? [] : [`pack "${place}" has no logo.png`],
    archive: archiveOf(`${name}-${version}.tar.gz`),
  };
}

function readPackJson(text: string | undefined, place: string): Record<string, unknown> {
  if (text === undefined) throw unfit(place, "it has no pack.json");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    throw unfit(place, "pack.json is no JSON");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw unfit(place, "pack.json is no object");
  }
  return parsed as Record<string, unknown>;
}

function pathsOf(document: Record<string, unknown>, key: string, place: string): string[] {
  const value = document[key] ?? [];
  const paths = Array.isArray(value) ? value : [value];
  return paths.map((path) => {
    const plain = typeof path === "string" ? path.replace(/^(\.\/)+/, "") : "";
    if (isSafePath(plain)) return plain;
    throw unfit(place, `${key} of pack.json has "${String(path)}", which is no path in the pack`);
  });
}

function decode(bytes: Uint8Array, path: string, place: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw unfit(place, `"${path}" is not UTF-8 text`);
  }
}

function unfit(place: string, reason: string): UserError {
  return new UserError("validation", `Cannot use pack "${place}": ${reason}`, {
    hint: "A pack is a folder, or its tar.gz, with pack.json and values.yaml",
  });
}
