import cluster, { type Worker } from "node:cluster";

/** What workers tell each other through the primary, which reads none of it. */
export interface PeerEnvelope<Message = unknown> {
  type: "peer";
  /** Worker id of who said it. */
  from: number;
  /** `joined` and `gone` are said by the primary about `from`. */
  event: "said" | "joined" | "gone";
  message: Message | null;
}

/** service-kit/lifecycle.reportReady. */
export function isReadyMessage(message: unknown): boolean {
  return typeof message === "object" && message !== null && "type" in message && message.type === "ready";
}

/** Passes on what one worker said to its peers; everything else is not ours (cluster, prom-client). */
export function relay(from: Worker, message: unknown): void {
  if (isPeerEnvelope(message)) tellOthers(from, { ...message, event: "said" });
}

export function tellJoined(worker: Worker): void {
  tellOthers(worker, { type: "peer", event: "joined", message: null, from: worker.id });
}

export function tellGone(worker: Worker): void {
  tellOthers(worker, { type: "peer", event: "gone", message: null, from: worker.id });
}

export function isPeerEnvelope(message: unknown): message is PeerEnvelope {
  return typeof message === "object" && message !== null && "type" in message && message.type === "peer";
}

function tellOthers(from: Worker, envelope: PeerEnvelope): void {
  for (const worker of Object.values(cluster.workers ?? {})) {
    // One that is just ending can't be told; it needs not know either.
    if (worker !== undefined && worker !== from && worker.isConnected())
      worker.send({ ...envelope, from: from.id }, undefined, () => undefined);
  }
}
