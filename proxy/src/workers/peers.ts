import cluster from "node:cluster";
import { isPeerEnvelope, type PeerEnvelope } from "./relay.ts";

/** The other workers of this machine's service, as one worker sees them. */
export interface Peers<Message> {
  /** To all of them, soon; what can't be delivered is lost. */
  send: (message: Message) => void;
  /** Calls back for what a peer says, and when one joins or is gone (`message` is null then). */
  on: (handle: (envelope: PeerEnvelope<Message>) => void) => void;
}

/** Null in a process that is the only one. `Message` is what all workers of the same program send. */
export function makePeers<Message>(): Peers<Message> | null {
  const { worker } = cluster;
  if (worker === undefined) return null;
  return {
    send(message) {
      const envelope: PeerEnvelope<Message> = { type: "peer", from: worker.id, event: "said", message };
      if (worker.isConnected()) worker.send(envelope, undefined, () => undefined);
    },
    on(handle) {
      worker.on("message", (message: unknown) => {
        if (isPeerEnvelope(message)) handle(message as PeerEnvelope<Message>);
      });
    },
  };
}
