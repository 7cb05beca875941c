import { nodeCertificateName } from "@automna/contract/nodekeeper";
import { SECOND_MS } from "@automna/core/shared/clock";
import { Pool } from "undici";

/** A node as far as its nodekeeper is concerned. */
export interface KeeperNode {
  /** As in its certificate. */
  name: string;
  /** `https://<private address>:<port>` */
  keeperUrl: string;
}

/** Connections to nodekeepers, a few for each node, so that a node that hangs takes nobody else's. */
export interface KeeperPools {
  of: (node: KeeperNode) => Pool;
  close: () => Promise<void>;
}

/** PEM: the cell's CA and the provisioner's own certificate. */
export interface KeeperCredentials {
  ca: string;
  certificate: string;
  key: string;
}

const CONNECTIONS = 16;
const CONNECT_TIMEOUT_MS = 3 * SECOND_MS;
/** A node that goes away in the middle of an answer is noticed. */
const BODY_TIMEOUT_MS = 60 * SECOND_MS;

export function makeKeeperPools({ ca, certificate, key }: KeeperCredentials): KeeperPools {
  const pools = new Map<string, Pool>();
  return {
    of({ name, keeperUrl }) {
      // A node that got another address gets another pool.
      const id = `${name} ${keeperUrl}`;
      const known = pools.get(id);
      if (known !== undefined) return known;
      const pool = new Pool(keeperUrl, {
        connections: CONNECTIONS,
        bodyTimeout: BODY_TIMEOUT_MS,
        connect: {
          ca,
          cert: certificate,
          key,
          // The node's own name, so that no node can answer for another.
          servername: nodeCertificateName(name),
          minVersion: "TLSv1.3",
          timeout: CONNECT_TIMEOUT_MS,
        },
      });
      pools.set(id, pool);
      return pool;
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
      pools.clear();
    },
  };
}
