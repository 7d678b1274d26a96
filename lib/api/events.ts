import type { PaletteClient } from "./client.ts";
import { listPages } from "./pages.ts";

export interface PaletteEvent {
  /** RFC 3339. */
  time: string;
  severity: string;
  reason: string;
  component: string;
  message: string;
  involvedObject: { kind: string; name: string; uid: string };
}

/** Events of a cluster, newest first; a page is fetched when it is reached. */
export async function* listClusterEvents(
  client: PaletteClient,
  uid: string,
): AsyncGenerator<PaletteEvent> {
  const request = {
    method: "GET",
    path: `/v1/events/components/spectrocluster/${encodeURIComponent(uid)}`,
    query: { orderBy: "metadata.lastModifiedTimestamp=-1" },
  };
  for await (const item of listPages(client, request)) {
    const metadata = item.at("metadata");
    const involved = item.at("involvedObject");
    yield {
      time: metadata.at("lastModifiedTimestamp").textOrEmpty() ||
        metadata.at("creationTimestamp").textOrEmpty(),
      severity: item.at("severity").textOrEmpty(),
      reason: item.at("reason").textOrEmpty(),
      component: item.at("source", "component").textOrEmpty(),
      message: item.at("message").textOrEmpty(),
      involvedObject: {
        kind: involved.at("kind").textOrEmpty(),
        name: involved.at("name").textOrEmpty(),
        uid: involved.at("uid").textOrEmpty(),
      },
    };
  }
}
