import type { Value } from "../../yaml/pointer.ts";
import { readYamlDocuments } from "../../yaml/yaml_documents.ts";
import { imagesOfChartValues, imagesOfTemplate } from "./find_images.ts";
import { walkTarGzip } from "./walk_tar.ts";

const MAX_TEXT_BYTES = 4 * 1024 * 1024;

/**
 * Images that a Helm chart names where nothing has to be rendered: in its values, and in templates
 * that put nothing into the name. Rendering could add others.
 * @param what Names it in errors.
 */
export async function imagesOfChart(
  archive: ReadableStream<Uint8Array>,
  what: string,
): Promise<string[]> {
  const texts = new Map<string, string>();
  await walkTarGzip(archive, what, async ({ path, size, read }) => {
    if (size > MAX_TEXT_BYTES) return;
    if (!/(^|\/)(Chart|values)\.ya?ml$|\/templates\/.*\.(ya?ml|tpl)$/.test(path)) return;
    texts.set(path, new TextDecoder().decode(await read()));
  });
  const images = [...texts].flatMap(([path, text]) => {
    if (/\/templates\//.test(path)) return imagesOfTemplate(text);
    if (!/(^|\/)values\.ya?ml$/.test(path)) return [];
    const chart = texts.get(path.replace(/values\.ya?ml$/, "Chart.yaml")) ?? "";
    return imagesOfChartValues(text, appVersionOf(chart));
  });
  return [...new Set(images)].sort();
}

function appVersionOf(chart: string): string {
  try {
    const [document] = readYamlDocuments(chart, "Chart.yaml");
    const version = (document as { [key: string]: Value } | undefined)?.["appVersion"];
    return typeof version === "string" ? version : "";
  } catch {
    return "";
  }
}
