import { digestOf, hexOf } from "../digest.ts";
import type { Crypto } from "../../runtime/crypto.ts";
import { FileError, type Files, joinPath } from "../../runtime/files.ts";

/** Remembers where uploads stand, so that the next run goes on where one was stopped. */
export interface UploadRecords {
  /** Address where an upload goes on; null when none is known. */
  load(key: string): Promise<string | null>;
  save(key: string, address: string): Promise<void>;
  forget(key: string): Promise<void>;
}

/** Every run begins afresh. */
export const NO_RECORDS: UploadRecords = {
  load: () => Promise.resolve(null),
  save: () => Promise.resolve(),
  forget: () => Promise.resolve(),
};

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * Records in a folder, a private file each: an address may be signed, and lets who has it write
 * there. A folder that cannot be used costs the resume, never the upload.
 */
export function uploadRecords(
  folder: string,
  { files, crypto }: { files: Files; crypto: Crypto },
): UploadRecords {
  const pathOf = async (key: string) => {
    const name = hexOf(await digestOf(new TextEncoder().encode(key), crypto));
    return joinPath(folder, `${name}.json`);
  };
  const unlessFileError = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof FileError || error instanceof SyntaxError) return otherwise;
      throw error;
    }
  };
  return {
    load: (key) =>
      unlessFileError(async () => {
        const text = new TextDecoder().decode(await files.readBytes(await pathOf(key)));
        const record = JSON.parse(text) as { key?: unknown; address?: unknown } | null;
        return record?.key === key && typeof record.address === "string" ? record.address : null;
      }, null),
    save: (key, address) =>
      unlessFileError(async () => {
        const path = await pathOf(key);
        await files.makeFolder(folder, FOLDER_MODE);
        await files.remove(path);
        const bytes = new TextEncoder().encode(`${JSON.stringify({ key, address })}\n`);
        await files.createFlushed(path, bytes, FILE_MODE);
      }, undefined),
    forget: (key) =>
      unlessFileError(async () => {
        await files.remove(await pathOf(key));
      }, undefined),
  };
}
