/** Puts one cluster into a kubeconfig that is there already; loads the library that edits YAML. */

import { Document, isMap, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from "yaml";
import { UserError } from "../errors.ts";
import { type Kubeconfig, parseKubeconfig, runsProgram, targetOf } from "./kubeconfig.ts";

export interface MergeOptions {
  /** Name of the entries in the result. */
  name: string;
  /** Entries of that name that lead to another server are replaced. */
  force: boolean;
  /** Users that run a program are taken over. */
  allowsExec: boolean;
}

export interface NamedText {
  text: string;
  /** For messages. */
  path: string;
}

const EMPTY = "apiVersion: v1\nkind: Config\n";

/**
 * The text of a kubeconfig with the current context of another one added, or replaced when it is
 * there. Every other entry and comment stays; so does the current context, unless there is none.
 * @throws {UserError} `validation`; `conflict` for an entry of the name that leads elsewhere;
 *   `integrity` for a user who runs a program.
 */
export async function mergeKubeconfig(
  into: NamedText,
  added: NamedText,
  { name, force, allowsExec }: MergeOptions,
): Promise<string> {
  const target = targetOf(await parseKubeconfig(added.text, added.path), added.path);
  if (!allowsExec && runsProgram(target.user)) {
    throw new UserError(
      "integrity",
      `The kubeconfig of "${name}" makes kubectl run a program to log in`,
      { hint: "Look at it with --path - and pass --allow-exec when you trust the server" },
    );
  }
  const text = into.text.trim() === "" ? EMPTY : into.text;
  const document = parseDocument(text, { schema: "failsafe" });
  const [problem] = document.errors;
  if (problem !== undefined || !isMap(document.contents)) {
    throw new UserError("validation", `Cannot read "${into.path}": it is no kubeconfig`, {
      hint: "Correct the file, or give another one with --path",
      cause: problem,
    });
  }
  if (into.text.trim() !== "" && !force) await refuseOther(into, name, target.server);
  put(document, "clusters", name, { cluster: target.cluster.settings });
  put(document, "users", name, { user: target.user.settings });
  put(document, "contexts", name, {
    context: {
      cluster: name,
      user: name,
      ...(target.namespace === "" ? {} : { namespace: target.namespace }),
    },
  });
  if (!String(document.get("current-context") ?? "")) document.set("current-context", name);
  return document.toString({ lineWidth: 0 });
}

async function refuseOther({ text, path }: NamedText, name: string, server: string) {
  let config: Kubeconfig;
  try {
    config = await parseKubeconfig(text, path);
  } catch (error) {
    // A kubeconfig without clusters is one, too.
    if (error instanceof UserError && /no cluster in it/.test(error.message)) return;
    throw error;
  }
  const there = config.clusters.find((entry) => entry.name === name);
  if (there === undefined || there.settings["server"] === server) return;
  throw new UserError(
    "conflict",
    `"${path}" has a cluster "${name}" already, of another server: ${there.settings["server"]}`,
    { hint: "Pass --force to replace it, or --context with another name" },
  );
}

function put(
  document: Document,
  list: string,
  name: string,
  content: Record<string, unknown>,
): void {
  if (!isSeq(document.get(list, true))) document.set(list, document.createNode([]));
  const entries = document.get(list, true) as YAMLSeq<YAMLMap>;
  // `clusters: []` would go on in one line.
  entries.flow = false;
  const node = document.createNode({ name, ...content });
  const at = entries.items.findIndex((item) => isMap(item) && item.get("name") === name);
  if (at === -1) entries.add(node as unknown as YAMLMap);
  else entries.items[at] = node as unknown as YAMLMap;
}
