import { EDGE_TOKEN, FakeEdgeHost } from "../../tests/support/edge_host.ts";
import { RangeServer } from "../../tests/support/range_server.ts";
import { bytesMeasure, type Measure } from "./measure.ts";
import type { BenchPlace } from "./place.ts";
import { denoProcess, peakBytes } from "./processes.ts";

const MEBIBYTE = 1024 * 1024;
const FILE_MIB = 384;
const CHUNK_MIB = 64;
const CONNECTIONS = 4;

/** What is relayed from an address is held a chunk a connection, and no more. */
export async function measureUploading({ palette, session }: BenchPlace): Promise<Measure[]> {
  await using store = await RangeServer.start(new Uint8Array(FILE_MIB * MEBIBYTE).fill(7));
  await using host = await FakeEdgeHost.start();
  const bytes = await peakBytes(denoProcess([
    ...[palette, "content", "upload", "127.0.0.1", "--port", `${host.port}`, "--no-tls"],
    ...["--chunk-size", `${CHUNK_MIB}`, "--connections", `${CONNECTIONS}`],
    ...["--src-url", `${store.origin}/bundle.tar.zst`],
  ], { ...session.env, PALETTE_UPLOAD_TOKEN: EDGE_TOKEN }));
  const limit = CONNECTIONS * CHUNK_MIB + 100;
  const name =
    `content upload of an address, ${CONNECTIONS} chunks of ${CHUNK_MIB} MiB, peak memory`;
  return [bytesMeasure(name, bytes, limit)];
}
