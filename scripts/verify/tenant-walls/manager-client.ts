import { dirname, join } from "node:path";
import type { LabNode } from "@automna/testkit/docker/swarm-lab";
import { inNode } from "./place.ts";

/** A node's identity in the Swarm, as it lies on its disk. */
export interface SwarmIdentity {
  certificate: string;
  key: string;
}

export interface ManagerCall {
  /** Of swarmkit's gRPC, as `docker.swarmkit.v1.Control/ListSecrets`. */
  method: string;
  /** The message's bytes as hex; empty = all fields are unset. */
  message?: string;
  /** Says first who it is, as a node's agent does, and puts the session that it gets before the message. */
  needsSession?: boolean;
}

/**
 * One call of the manager's own protocol (gRPC over HTTP/2 with the Swarm's certificates). Prints what came back as latin1 with the
 * call's status at its end.
 */
const PROGRAM = `
const http2 = require("http2"), fs = require("fs");
const { address, identity, call } = JSON.parse(process.argv[1]);
const client = http2.connect("https://" + address + ":2377", {
  cert: fs.readFileSync(identity.certificate),
  // Without the Swarm's own headers in it, which OpenSSL does not know.
  key: fs.readFileSync(identity.key, "utf8").replace(/^[\\w-]+: .*$/gm, "").replace(/\\n+/g, "\\n"),
  rejectUnauthorized: false, servername: "swarm-manager",
});
const end = (text) => process.stdout.write(Buffer.from(text, "latin1"), () => process.exit(0));
client.on("error", (error) => end("failed: " + error.message));
const frame = (bytes) => { const head = Buffer.alloc(5); head.writeUInt32BE(bytes.length, 1); return Buffer.concat([head, bytes]); };
const ask = (method, bytes, onData) => new Promise((done) => {
  const stream = client.request({ ":method": "POST", ":path": "/" + method, "content-type": "application/grpc", te: "trailers" });
  let heard = "", status = "none";
  const finish = () => { clearTimeout(timer); done(heard + "\\nstatus=" + status); };
  let timer = setTimeout(finish, 4000);
  const headers = (all) => { if (all["grpc-status"] !== undefined) status = all["grpc-status"] + " " + all["grpc-message"]; };
  stream.on("response", headers).on("trailers", headers).on("error", finish).on("close", finish);
  stream.on("data", (chunk) => {
    heard += chunk.toString("latin1");
    if (onData) onData(chunk, finish);
    // Of a stream without an end all comes at once.
    clearTimeout(timer);
    timer = setTimeout(finish, 1500);
  });
  stream.end(frame(bytes));
});
(async () => {
  let bytes = Buffer.from(call.message || "", "hex");
  if (call.needsSession) {
    const session = await new Promise((got) => {
      ask("docker.swarmkit.v1.Dispatcher/Session", Buffer.alloc(0), (chunk) => got(chunk.subarray(7, 7 + chunk[6]))).then((said) => got(said));
    });
    if (typeof session === "string") return end(session);
    bytes = Buffer.concat([Buffer.from([10, session.length]), session, bytes]);
  }
  end(await ask(call.method, bytes));
})();
`;

/** Asks the manager from a node's network as the holder of an identity. */
export function askManager(
  from: { namespace: string },
  address: string,
  identity: SwarmIdentity,
  call: ManagerCall,
): Promise<string> {
  return inNode(from, process.execPath, "-e", PROGRAM, JSON.stringify({ address, identity, call }));
}

export function identityOf({ engine }: LabNode): SwarmIdentity {
  const folder = join(dirname(engine.socketPath), "data/swarm/certificates");
  return { certificate: join(folder, "swarm-node.crt"), key: join(folder, "swarm-node.key") };
}
