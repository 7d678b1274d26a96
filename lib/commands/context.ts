import { UserError } from "../errors.ts";
import type { FileStore } from "../config/file_store.ts";
import {
  bindingOf,
  decryptStored,
  foreignCiphertext,
  requireBlock,
} from "../config/secret_file.ts";
import { SecretFile } from "../config/secret_file.ts";
import type { FieldPath } from "../config/secret_kinds.ts";
import { findWorkspace, type Workspace } from "../config/workspace.ts";
import type { Printer } from "../output/printer.ts";
import type { Log } from "../runtime/log.ts";
import type { Prompter } from "../runtime/prompter.ts";
import type { Redactor } from "../runtime/redactor.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { Keyring } from "../secrets/keyring.ts";
import {
  ENCRYPTION_PASSPHRASE,
  type PassphraseNames,
  type PassphraseOptions,
  PassphraseSource,
} from "../secrets/passphrase_source.ts";
import { Secret } from "../secrets/secret.ts";
import { SecretInput } from "../secrets/secret_input.ts";
import type { PaletteClient } from "../api/client.ts";
import type { Session } from "./session.ts";
import type { Settings } from "./settings.ts";

export interface ContextParts {
  runtime: Runtime;
  settings: Settings;
  printer: Printer;
  log: Log;
  redactor: Redactor;
  /** Aborts when the run is stopped. */
  signal: AbortSignal;
}

/** What a command works with; each part is opened when it is first asked for. */
export class CommandContext {
  readonly runtime: Runtime;
  readonly settings: Settings;
  readonly printer: Printer;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
  readonly secretInput: SecretInput;
  /** How often a key was derived; a run needs one at most. */
  derivations = 0;
  #workspace: Workspace | null = null;
  #store: Promise<FileStore> | null = null;
  #keyring: Keyring | null = null;
  #session: Promise<Session> | null = null;

  constructor(parts: ContextParts) {
    this.runtime = parts.runtime;
    this.settings = parts.settings;
    this.printer = parts.printer;
    this.log = parts.log;
    this.redactor = parts.redactor;
    this.signal = parts.signal;
    const { files, exec, streams } = parts.runtime;
    this.secretInput = new SecretInput({ files, exec, stdin: streams.stdin });
  }

  /** Asks the person at the terminal; null when there is none or nothing may be asked. */
  get prompter(): Prompter | null {
    const { prompter, streams } = this.runtime;
    return streams.stdin.isTerminal && !this.settings.noInput ? prompter : null;
  }

  get workspace(): Workspace {
    return this.#workspace ??= findWorkspace(this.settings, this.runtime);
  }

  /** Called when a file of the workspace is read or about to be written: from here on it has a log. */
  async useWorkspace(): Promise<void> {
    const path = this.settings.logFile ?? this.workspace.logFile;
    await this.log.open(this.runtime.files.absolute(path));
  }

  /** The store for files with secrets. */
  store(): Promise<FileStore> {
    return this.#store ??= this.#openStore();
  }

  /**
   * The main configuration file; empty when there is none.
   * @throws {UserError} `validation`, `io`
   */
  async paletteFile(): Promise<SecretFile> {
    const path = this.workspace.configFile;
    const stored = await (await this.store()).read(path);
    if (stored !== null) await this.useWorkspace();
    return await SecretFile.parse(path, stored?.text ?? null, "palette");
  }

  /** Keys under the encryption passphrase. */
  get keyring(): Keyring {
    return this.#keyring ??= this.keyringOf(ENCRYPTION_PASSPHRASE, this.settings.passphrase);
  }

  /** A keyring with a passphrase of its own: the new one of a rekey. */
  keyringOf(names: PassphraseNames, options: PassphraseOptions): Keyring {
    const source = new PassphraseSource(names, options, {
      env: this.runtime.env,
      input: this.secretInput,
      prompter: this.prompter,
      onKnown: (passphrase) => this.redactor.add(passphrase),
      onVisible: () =>
        this.printer.warn(
          `other users of this machine can see ${names.valueFlag}; use ${names.fileFlag} or ${names.variable}`,
        ),
      signal: this.signal,
    });
    return new Keyring(source, {
      crypto: this.runtime.crypto,
      onDerive: () => {
        this.derivations++;
        this.log.debug("deriving a key", { derivations: this.derivations });
      },
    });
  }

  /**
   * A secret of a file, decrypted; null when it is empty or absent.
   * @throws {UserError} `decrypt-failed`, `integrity`, `endpoint-changed`, `foreign-ciphertext`
   */
  async decrypt(file: SecretFile, path: FieldPath): Promise<Secret | null> {
    const stored = file.secretAt(path);
    if (stored === null) return null;
    if (stored.state === "foreign") throw foreignCiphertext(file, stored.pointer);
    let value = stored.text;
    if (stored.state === "token") {
      const block = requireBlock(file, stored.pointer);
      const keys = await this.keyring.unlock(block, file.placeOf(stored.pointer));
      value = await decryptStored(file, stored, keys, this.runtime.files);
    } else {
      // Plain text is accepted, but never for an address that would not do.
      await bindingOf(file, path, this.runtime.files);
      this.printer.notice(
        `${file.placeOf(stored.pointer)} is plain text; the next write encrypts it`,
      );
    }
    this.redactor.add(value);
    return new Secret(value);
  }

  /**
   * Whose key is used, and where.
   * @throws {UserError} `not-logged-in`; `usage` when key and address are of different sources.
   */
  session(): Promise<Session> {
    return this.#session ??= this.#openSession();
  }

  /** A client in the active scope. */
  async palette(): Promise<PaletteClient> {
    const [{ activeProject }, tenant] = await Promise.all([
      import("./palette_client.ts"),
      this.tenantPalette(),
    ]);
    const session = await this.session();
    const project = await activeProject(session, tenant);
    return project === null ? tenant : tenant.inScopeOf(project);
  }

  /** A client in the tenant's scope, whatever project is active. */
  async tenantPalette(): Promise<PaletteClient> {
    const { openClient } = await import("./palette_client.ts");
    return await openClient(await this.session(), this);
  }

  /** The error of commands that need a login. */
  notLoggedIn(): UserError {
    return new UserError("not-logged-in", "You are not logged in", {
      hint: "Run palette login, or set PALETTE_API_KEY and PALETTE_CONSOLE_URL",
    });
  }

  async #openSession(): Promise<Session> {
    const { openSession } = await import("./session.ts");
    return await openSession(this);
  }

  async #openStore(): Promise<FileStore> {
    const { FileStore } = await import("../config/file_store.ts");
    return new FileStore({ ...this.runtime, onWarning: (text) => this.printer.warn(text) });
  }
}
