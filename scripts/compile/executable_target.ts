/** Bytes of a file that `executableTarget` wants to see. */
export const HEADER_BYTES = 4096;

const ELF_MAGIC = 0x7f454c46;
const MACHO_64_MAGIC = 0xcffaedfe;
const DOS_MAGIC = 0x4d5a;
const PE_MAGIC = 0x50450000;

/**
 * The target that an executable is for, by its header (ELF, Mach-O, PE); null when it is for none
 * of ours, or is no executable.
 */
export function executableTarget(header: Uint8Array<ArrayBuffer>): string | null {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (header.length < 64) return null;
  if (view.getUint32(0) === ELF_MAGIC) {
    return { 0x3e: "linux-x64", 0xb7: "linux-arm64" }[view.getUint16(18, true)] ?? null;
  }
  if (view.getUint32(0) === MACHO_64_MAGIC) {
    const cpu = view.getUint32(4, true);
    return { 0x01000007: "darwin-x64", 0x0100000c: "darwin-arm64" }[cpu] ?? null;
  }
  if (view.getUint16(0) !== DOS_MAGIC) return null;
  const at = view.getUint32(60, true);
  if (at + 6 > header.length || view.getUint32(at) !== PE_MAGIC) return null;
  return view.getUint16(at + 4, true) === 0x8664 ? "windows-x64" : null;
}
