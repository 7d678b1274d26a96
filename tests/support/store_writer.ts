/**
 * A process that rewrites a file through the store, for crash and concurrency tests.
 *
 * `loop FILE`: writes texts that can be checked for wholeness until it is killed.
 * `read FILE`, `put FILE TEXT`: nothing but the store, so that it runs without dependencies.
 * `add FILE KEY`: adds a key to a YAML file.
 */

import { UserError } from "../../lib/errors.ts";
import { FileStore } from "../../lib/config/file_store.ts";
import { systemRuntime } from "../../lib/runtime/system.ts";

const [mode, path = "", text = ""] = Deno.args;
const store = new FileStore({ ...systemRuntime(), onWarning: () => {} });

if (mode === "loop") {
  for (let at = 0;; at++) {
    await store.update(path, () => Promise.resolve(wholeText(at)));
    if (at === 0) Deno.stdout.writeSync(new TextEncoder().encode("started\n"));
  }
} else if (mode === "read") {
  Deno.stdout.writeSync(new TextEncoder().encode((await store.read(path))?.text));
} else if (mode === "put") {
  await store.locked([path], () => store.replace(path, text));
} else {
  const { YamlEditor } = await import("../../lib/yaml/yaml_document.ts");
  const add = () =>
    store.update(path, (current) => {
      const editor = new YamlEditor(current?.text ?? "", path);
      editor.set([text], "1");
      return Promise.resolve(editor.toString());
    });
  // On a slow machine some wait longer than the store does; it says so, and they come again.
  for (let isDone = false; !isDone;) {
    isDone = await add().then(() => true, (error) => {
      if (error instanceof UserError && error.code === "busy") return false;
      throw error;
    });
  }
}

/** A text whose last line repeats its first, with enough between to be cut. */
function wholeText(at: number): string {
  return `begin ${at}\n${"x".repeat(200_000)}\nend ${at}\n`;
}
