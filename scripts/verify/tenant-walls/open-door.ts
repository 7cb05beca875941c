// Loaded into nodekeeper before its own program, by the control alone: the same server, which asks nobody for a certificate.
import https, { type Server, type ServerOptions } from "node:https";
import { syncBuiltinESMExports } from "node:module";

const { createServer } = https;

type Listener = Parameters<Server["prependListener"]>[1];

function createOpenServer(options: ServerOptions): Server {
  const server = createServer({ ...options, requestCert: false, rejectUnauthorized: false });
  const prependListener = server.prependListener.bind(server);
  return Object.assign(server, {
    // The check of the name in the certificate.
    prependListener: (event: string, listener: Listener) =>
      event === "secureConnection" ? server : prependListener(event, listener),
  });
}

Object.assign(https, { createServer: createOpenServer });
syncBuiltinESMExports();
