import { createServer, type Server } from "node:https";
import type { TLSSocket } from "node:tls";
import { PROVISIONER_CERTIFICATE_NAME } from "@automna/contract/nodekeeper";

export interface Credentials {
  /** PEM: the cell's own CA, and nothing else is trusted. */
  ca: string;
  certificate: string;
  key: string;
}

/** A handshake that takes longer is somebody holding a door. */
const HANDSHAKE_TIMEOUT_MS = 5_000;
const HEADERS_TIMEOUT_MS = 5_000;
const HEADERS_MAX_BYTES = 4_096;
/** A transfer that stands still for so long is over. */
const IDLE_TIMEOUT_MS = 60_000;
/** The provisioner needs a few; beyond that nobody is let in. */
const CONNECTIONS_MAX = 128;

/**
 * A listener that only the provisioner passes: TLS 1.3, a certificate of our CA that is valid now and carries the
 * provisioner's name. HTTP reads no byte of anybody else, so there is no page, no status and no error for them.
 */
export function makeClosedServer({ ca, certificate, key }: Credentials): Server {
  const server = createServer({
    ca,
    cert: certificate,
    key,
    minVersion: "TLSv1.3",
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    // Node looks only so often; its default is 30 s.
    connectionsCheckingInterval: HEADERS_TIMEOUT_MS,
    maxHeaderSize: HEADERS_MAX_BYTES,
    keepAliveTimeout: IDLE_TIMEOUT_MS,
    // A volume may take hours to arrive: idleness bounds it, not the clock.
    requestTimeout: 0,
  });
  server.timeout = IDLE_TIMEOUT_MS;
  server.maxConnections = CONNECTIONS_MAX;
  server.prependListener("secureConnection", (socket: TLSSocket) => {
    if (!isProvisioner(socket)) socket.destroy();
  });
  // Who fails the handshake, or speaks something else than HTTP, is gone; there is nothing to answer.
  server.on("tlsClientError", (_, socket) => socket.destroy());
  server.on("clientError", (_, socket) => socket.destroy());
  return server;
}

function isProvisioner(socket: TLSSocket): boolean {
  // Only the alternative names count: a subject is free text.
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  return certificate?.checkHost(PROVISIONER_CERTIFICATE_NAME, { subject: "never", wildcards: false }) !== undefined;
}
