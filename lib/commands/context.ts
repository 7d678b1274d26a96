import { UserError } from "../errors.ts";
import type { FileStore } from "../config/file_store.ts";
import { foreignCiphertext, requireBlock } from "../config/secret_file.ts";
import { SecretFile } from "../config/secret_file.ts";
import type { FieldPath } from "../config/secret_kinds.ts";
import { findWorkspace, type Workspace } from "../config/workspace.ts";
import type { Printer } from "../output/printer.ts";
import type { Log } from "../runtime/log.ts";
import type { Prompter } from "../runtime/prompter.ts";
import { type BytesReader, readOnce } from "../runtime/read_once.ts";
import type { Redactor } from "../runtime/redactor.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Keyring } from "../secrets/keyring.ts";
import type { PassphraseNames, PassphraseOptions } from "../secrets/passphrase_source.ts";
import { Secret } from "../secrets/secret.ts";
import type { SecretInput } from "../secrets/secret_input.ts";
import type { PaletteClient } from "../api/client.ts";
import type { ProjectPalette } from "./palette_client.ts";
import type { ClientSession, Session } from "./session.ts";
import type { Settings } from "./settings.ts";

export interface ContextParts {
  runtime: Runtime;
  settings: Settings;
  printer: Printer;
  log: Log;
  redactor: Redactor;
  /**
   * Begins to listen for signals, and gives what aborts when the run is stopped.
   * @param isEnd Being stopped is no failure from here on.
   */
  stopSignal: (isEnd: boolean) => AbortSignal;
  /** Sets how long a stopped run may take to clean up. */
  allowCleanUp: (ms: number) => void;
}

/** What a command works with; each part is opened when it is first asked for. */
export class CommandContext implements AsyncDisposable {
  readonly runtime: Runtime;
  readonly settings: Settings;
  readonly printer: Printer;
  readonly log: Log;
  readonly redactor: Redactor;
  /** Reads a CA file once a run, so that a key is bound to the very certificates that are trusted. */
  readonly caFiles: BytesReader;
  /** How often a key was derived; a run needs one at most. */
  derivations = 0;
  #workspace: Workspace | null = null;
  #store: Promise<FileStore> | null = null;
  #secretInput: Promise<SecretInput> | null = null;
  #keyring: Promise<Keyring> | null = null;
  #session: Promise<Session> | null = null;
  readonly #clients: PaletteClient[] = [];
  readonly #stopSignal: (isEnd: boolean) => AbortSignal;
  readonly #allowCleanUp: (ms: number) => void;

  constructor(parts: ContextParts) {
    this.runtime = parts.runtime;
    this.settings = parts.settings;
    this.printer = parts.printer;
    this.log = parts.log;
    this.redactor = parts.redactor;
    this.caFiles = readOnce(parts.runtime.files);
    this.#stopSignal = parts.stopSignal;
    this.#allowCleanUp = parts.allowCleanUp;
  }

  /** Ends what would hold the process. */
  [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    return Promise.resolve();
  }

  /** Aborts when the run is stopped. */
  get signal(): AbortSignal {
    return this.#stopSignal(false);
  }

  /** As `signal`, for what ends in no other way: from here on, being stopped is no failure. */
  get endSignal(): AbortSignal {
    return this.#stopSignal(true);
  }

  /** From here on there is something to undo elsewhere, which a stopped run may take this long for. */
  allowCleanUp(ms: number): void {
    this.#allowCleanUp(ms);
  }

  /** Asks the person at the terminal; null when there is none or nothing may be asked. */
  get prompter(): Prompter | null {
    const { prompter, streams } = this.runtime;
    if (!streams.stdin.isTerminal || this.settings.noInput) return null;
    // A signal during a question has to put the terminal back.
    this.#stopSignal(false);
    return prompter;
  }

  /** Reads secrets from files, standard input and commands. */
  secretInput(): Promise<SecretInput> {
    return this.#secretInput ??= (async () => {
      const { SecretInput } = await import("../secrets/secret_input.ts");
      const { files, exec, streams } = this.runtime;
      return new SecretInput({ files, exec, stdin: streams.stdin });
    })();
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
  keyring(): Promise<Keyring> {
    return this.#keyring ??= (async () => {
      const { ENCRYPTION_PASSPHRASE } = await import("../secrets/passphrase_source.ts");
      return await this.keyringOf(ENCRYPTION_PASSPHRASE, this.settings.passphrase);
    })();
  }

  /** A keyring with a passphrase of its own: the new one of a rekey. */
  async keyringOf(names: PassphraseNames, options: PassphraseOptions): Promise<Keyring> {
    const [{ Keyring }, { PassphraseSource }] = await Promise.all([
      import("../secrets/keyring.ts"),
      import("../secrets/passphrase_source.ts"),
    ]);
    const source = new PassphraseSource(names, options, {
      env: this.runtime.env,
      input: await this.secretInput(),
      prompter: this.prompter,
      onKnown: (passphrase) => this.redactor.add(passphrase),
      onVisible: () =>
        this.printer.warn(
          `other users of this machine can see ${names.valueFlag}; use ${names.fileFlag} or ${names.variable}`,
        ),
      onRefused: (reason) => this.printer.show(`${reason}; try again`),
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
    const { bindingOf, decryptStored } = await import("../config/secret_access.ts");
    const { loginCommandOf } = await import("../config/secret_kinds.ts");
    let value = stored.text;
    if (stored.state === "token") {
      const block = requireBlock(file, stored.pointer);
      const keyring = await this.keyring();
      const place = file.placeOf(stored.pointer);
      const keys = await keyring.unlock(block, place, loginCommandOf(file.kind));
      value = await decryptStored(file, stored, keys, this.caFiles);
    } else {
      // Plain text is accepted, but never for an address that would not do.
      await bindingOf(file, path, this.caFiles);
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

  /**
   * A client in a project: the named one, else the active one.
   * @param flag That names it, for messages; `--project` by default.
   * @throws {UserError} `usage` without either, `not-found` with near names.
   */
  async projectPalette(wanted?: string, flag?: string): Promise<ProjectPalette> {
    const { openProject } = await import("./palette_client.ts");
    return await openProject(await this.session(), await this.tenantPalette(), wanted, flag);
  }

  /** A client in the tenant's scope, whatever project is active. */
  async tenantPalette(): Promise<PaletteClient> {
    return await this.clientOf(await this.session());
  }

  /** A client of any Palette; closed when the run ends. */
  async clientOf(session: ClientSession): Promise<PaletteClient> {
    const { openClient } = await import("./palette_client.ts");
    const client = await openClient(session, this);
    this.#clients.push(client);
    return client;
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
