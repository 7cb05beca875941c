import { connect, createServer, type Socket } from "node:net";
import { answerMessages, collectGarbage, settings } from "./child.ts";
import { listen } from "./listen.ts";

/**
 * What Node itself takes to pass bytes between two sockets, in the cheapest of the public ways that we know: nothing is
 * checked, parsed, counted or followed.
 */
const { port } = settings() as { port: number };
const shared = Buffer.allocUnsafeSlow(65_536);
/** Node writes shorter texts from its stack. */
const AS_TEXT_MAX_BYTES = 16_383;

const pass = (client: Socket, length: number): boolean =>
  length > AS_TEXT_MAX_BYTES
    ? client.write(Buffer.from(shared.subarray(0, length)))
    : client.write(shared.toString("latin1", 0, length), "latin1");

const server = createServer({ noDelay: true }, (client) => {
  const onread = { buffer: shared, callback: (length: number) => pass(client, length) };
  const backend = connect({ host: "127.0.0.1", port, noDelay: true, onread });
  client.on("data", (chunk) => {
    if (!backend.write(chunk)) client.pause();
  });
  client.on("drain", () => backend.resume()).on("error", () => client.destroy());
  client.on("close", () => backend.destroy());
  backend.on("drain", () => client.resume()).on("error", () => backend.destroy());
  backend.on("close", () => client.destroy());
});
answerMessages(collectGarbage);
await listen(server);
