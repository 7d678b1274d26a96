/**
 * What kubectl would find wrong with a kubeconfig before it connects, told with the name of the
 * field (client-go, `tools/clientcmd`: validation.go and loader.go; `rest` and `plugin/pkg/client/auth/exec`).
 * kubectl's own words for bad base64 repeat what stands around it, keys included.
 */

import { UserError } from "../errors.ts";
import { FileError, type Files, folderOf, isAbsolute, joinPath } from "../runtime/files.ts";
import type { Value } from "../yaml/pointer.ts";
import type { KubeconfigEntry, KubeconfigTarget } from "./kubeconfig.ts";

type Settings = KubeconfigEntry["settings"];

/**
 * Checks the fields of a context's cluster and user.
 * @param path The file they come from: paths in it are relative to its folder.
 * @throws {UserError} `validation`; `io` for a file that they name and that cannot be read.
 */
export async function checkTarget(
  { cluster, user }: KubeconfigTarget,
  path: string,
  files: Files,
): Promise<void> {
  await new Checker(`cluster "${cluster.name}"`, cluster.settings, path, files).cluster();
  await new Checker(`user "${user.name}"`, user.settings, path, files).user();
}

class Checker {
  readonly #what: string;
  readonly #settings: Settings;
  readonly #path: string;
  readonly #files: Files;

  constructor(what: string, settings: Settings, path: string, files: Files) {
    this.#what = what;
    this.#settings = settings;
    this.#path = path;
    this.#files = files;
  }

  async cluster(): Promise<void> {
    const hasCa = await this.#hasContent("certificate-authority");
    if (hasCa && this.#text("insecure-skip-tls-verify") === "true") {
      throw this.#bad("it has both a certificate-authority and insecure-skip-tls-verify");
    }
    const proxy = this.#text("proxy-url");
    if (proxy !== "" && !URL.canParse(proxy)) throw this.#bad("its proxy-url is no URL");
  }

  async user(): Promise<void> {
    const hasCertificate = await this.#hasContent("client-certificate");
    const hasKey = await this.#hasContent("client-key");
    if (hasCertificate !== hasKey) {
      throw this.#bad(
        hasKey
          ? "its client-key has no client-certificate"
          : "its client-certificate has no client-key",
      );
    }
    const tokenFile = this.#text("tokenFile");
    if (tokenFile !== "") await this.#requireReadable("tokenFile", tokenFile);
    const exec = this.#settings["exec"];
    if (isSettings(exec)) await this.#checkExec(exec);
  }

  /** Whether a field is given, inline (which wins) or as a file that can be read. */
  async #hasContent(name: string): Promise<boolean> {
    const inline = this.#text(`${name}-data`);
    if (inline !== "") {
      if (!isBase64(inline)) throw this.#bad(`its ${name}-data is not base64`);
      return true;
    }
    const file = this.#text(name);
    if (file !== "") await this.#requireReadable(name, file);
    return file !== "";
  }

  /** kubectl runs the program; here is only looked at what it would refuse to begin with. */
  async #checkExec(exec: Settings): Promise<void> {
    const command = textOf(exec["command"]);
    if (command === "") throw this.#bad("its exec has no command");
    if (textOf(exec["interactiveMode"]) === "Always") {
      throw this.#bad(
        `${command} of its exec has to ask at a terminal`,
        "Give a kubeconfig whose user logs in without questions: a token or a certificate",
      );
    }
    // A bare name is looked up on PATH.
    if (!/[/\\]/.test(command)) return;
    const program = this.#absolute(command);
    if ((await this.#files.info(program))?.isFile !== true) {
      throw this.#bad(`"${program}" of its exec is no file`);
    }
  }

  async #requireReadable(field: string, file: string): Promise<void> {
    const absolute = this.#absolute(file);
    try {
      await this.#files.readBytes(absolute);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      throw new UserError(
        "io",
        `Cannot read "${absolute}" of ${field} in "${this.#path}": ${error.message}`,
        { cause: error, hint: `It is named by ${this.#what}` },
      );
    }
  }

  /** Paths are relative to the folder of the kubeconfig. */
  #absolute(file: string): string {
    return isAbsolute(file) ? file : joinPath(folderOf(this.#path), file);
  }

  #text(name: string): string {
    return textOf(this.#settings[name]);
  }

  #bad(reason: string, hint?: string): UserError {
    return new UserError(
      "validation",
      `Cannot use ${this.#what} of "${this.#path}": ${reason}`,
      hint === undefined ? {} : { hint },
    );
  }
}

/** YAML's ways to say that there is nothing reach us as text. */
function textOf(value: Value | undefined): string {
  return typeof value === "string" && !/^(null|~)$/i.test(value) ? value : "";
}

function isSettings(value: Value | undefined): value is Settings {
  return typeof value === "object" && !Array.isArray(value);
}

/** As Go's decoder takes it (RFC 4648, 4), line ends left out. */
function isBase64(text: string): boolean {
  const compact = text.replace(/[\r\n]/g, "");
  return compact.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(compact);
}
