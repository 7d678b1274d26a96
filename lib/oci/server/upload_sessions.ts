import { encodeHex } from "../hex.ts";
import type { Crypto, Hash } from "../../runtime/crypto.ts";
import { type Files, type FileWriter, joinPath } from "../../runtime/files.ts";
import { type Digest, digestFrom } from "../digest.ts";

/** One blob on its way in. */
export interface UploadSession {
  readonly id: string;
  readonly repository: string;
  /** Bytes that arrived. */
  readonly size: number;
}

interface Session extends UploadSession {
  size: number;
  path: string;
  writer: FileWriter;
  hash: Hash;
  isBusy: boolean;
}

export interface UploadSessionsParts {
  files: Files;
  crypto: Crypto;
}

const FOLDER_MODE = 0o755;
const FILE_MODE = 0o644;

/** Somebody else writes to the same session. */
export class SessionBusy extends Error {
  override readonly name = "SessionBusy";
}

/** Blobs that arrive piece by piece, each in a file of its own until its digest is known. */
export class UploadSessions {
  readonly #folder: string;
  readonly #parts: UploadSessionsParts;
  readonly #sessions = new Map<string, Session>();

  /** @param folder Must lie on the same disk as what finished uploads become. */
  constructor(folder: string, parts: UploadSessionsParts) {
    this.#folder = folder;
    this.#parts = parts;
  }

  async begin(repository: string): Promise<UploadSession> {
    const { files, crypto } = this.#parts;
    const id = encodeHex(crypto.randomBytes(16));
    await files.makeFolder(this.#folder, FOLDER_MODE);
    const path = joinPath(this.#folder, id);
    const session: Session = {
      id,
      repository,
      size: 0,
      path,
      writer: await files.openWriter(path, "new", FILE_MODE),
      hash: await crypto.sha256(),
      isBusy: false,
    };
    this.#sessions.set(id, session);
    return session;
  }

  find(repository: string, id: string): UploadSession | null {
    const session = this.#sessions.get(id);
    return session?.repository === repository ? session : null;
  }

  /**
   * Takes in more bytes. What came before the stream failed stays: the client goes on there.
   * @throws {SessionBusy}
   */
  async append({ id }: UploadSession, stream: AsyncIterable<Uint8Array>): Promise<void> {
    const session = this.#known(id);
    if (session.isBusy) throw new SessionBusy();
    session.isBusy = true;
    try {
      for await (const piece of stream) {
        await session.writer.write(piece);
        session.hash.update(piece);
        session.size += piece.length;
      }
    } finally {
      session.isBusy = false;
    }
  }

  /**
   * Ends a session.
   * @returns The digest of what arrived, and the file, which the caller moves away or discards.
   * @throws {SessionBusy}
   */
  async finish({ id }: UploadSession): Promise<{ digest: Digest; size: number; path: string }> {
    const session = this.#known(id);
    if (session.isBusy) throw new SessionBusy();
    const { writer, hash, size, path } = session;
    session.isBusy = true;
    await writer.flush();
    writer.close();
    this.#sessions.delete(id);
    return { digest: digestFrom(hash.digest()), size, path };
  }

  /** Removes the file of a finished upload that nobody wants. */
  async discard(path: string): Promise<void> {
    await this.#parts.files.remove(path);
  }

  /** Forgets a session and its bytes. */
  async drop({ id }: UploadSession): Promise<void> {
    const session = this.#known(id);
    this.#sessions.delete(id);
    session.writer.close();
    await this.#parts.files.remove(session.path);
  }

  /** Removes what never became a blob, also of an earlier run that was killed. */
  async clear(): Promise<void> {
    const { files } = this.#parts;
    for (const session of [...this.#sessions.values()]) await this.drop(session);
    if (await files.info(this.#folder) === null) return;
    for (const name of await files.list(this.#folder)) {
      await files.remove(joinPath(this.#folder, name));
    }
    await files.remove(this.#folder);
  }

  #known(id: string): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new RangeError(`no upload session ${id}`);
    return session;
  }
}
