import { expect, test } from "vitest";
import { formatUpgradeAnswer } from "./upgrade-handshake.ts";

const answer = (offered: Record<string, string>, agreed: Record<string, string>) =>
  formatUpgradeAnswer(
    { key: "dGhlIHNhbXBsZSBub25jZQ==", headers: offered },
    { status: 101, headers: new Map(Object.entries(agreed)) },
  );

test.each([
  ["sec-websocket-protocol", "chat, super", "chat"],
  [
    "sec-websocket-extensions",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; server_no_context_takeover",
  ],
])("%s: %s is offered and %s agreed", (name, offered, agreed) => {
  expect(answer({ [name]: offered }, { [name]: agreed })).toContain(`${name}: ${agreed}\r\n`);
});

test.each([
  ["sec-websocket-protocol", "chat", "evil"],
  ["sec-websocket-protocol", "chat", "chat, evil"],
  ["sec-websocket-protocol", "chat", ""],
  ["sec-websocket-extensions", "permessage-deflate", "x-evil"],
])("%s: with %s offered, %s is not passed on to the browser", (name, offered, agreed) => {
  expect(answer({ [name]: offered }, { [name]: agreed })).not.toContain(name);
});

test("nothing else of the agent's answer is passed on", () => {
  const text = answer({ "set-cookie": "a", "sec-websocket-protocol": "chat" }, { "set-cookie": "b", "x-evil": "1" });
  expect(text).not.toMatch(/cookie|evil|protocol:/i);
});
