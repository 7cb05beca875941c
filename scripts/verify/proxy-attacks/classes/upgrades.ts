import { ORIGIN } from "../../../../proxy/test/ingress-harness.ts";
import { ordinary } from "../../steps/careless-reader.ts";
import { acceptUpgrade, answerWith, type RawBackend } from "../../steps/raw-backend.ts";
import type { AttackCase, AttackClass, ControlName } from "../attack-case.ts";
import { hasArrived, hasHeader, readAnswer, requestText, upgradeLines, upgradeText } from "../request-text.ts";

export function upgradeClasses(): AttackClass[] {
  return [
    { name: "h2c and other upgrades", cases: otherUpgrades() },
    { name: "WebSocket key and version", cases: handshakes() },
    { name: "forged answers to a handshake", cases: answers() },
    { name: "cross-site upgrade", cases: crossSite() },
  ];
}

/** A backend that speaks h2c would take the connection, and with it all that follows, out of the proxy's sight. */
function otherUpgrades(): AttackCase[] {
  const settings = "http2-settings: AAMAAABkAAQAAP__";
  const values = ["h2c", "H2C", "h2c, websocket", "websocket, h2c", "HTTP/2.0", "TLS/1.0", "websocket/13", "foo"];
  const seen: AttackCase["succeeded"] = (evidence) =>
    hasHeader(evidence, "", "upgrade") || hasHeader(evidence, "", "http2-settings");
  const control: ControlName = "http-proxy, no upgrades";
  return [
    ...values.map((value): AttackCase => ({
      name: `Upgrade: ${value}`,
      control,
      send: (lane) =>
        requestText(lane, { lines: ["connection: Upgrade, HTTP2-Settings", `upgrade: ${value}`, settings] }),
      succeeded: seen,
    })),
    {
      name: "POST, Upgrade: h2c",
      control,
      send: (lane) =>
        requestText(lane, {
          method: "POST",
          lines: ["connection: Upgrade, HTTP2-Settings", "upgrade: h2c", settings, "content-length: 5"],
          body: "hello",
        }),
      succeeded: seen,
    },
    {
      name: "HTTP2-Settings alone",
      control,
      send: (lane) => requestText(lane, { lines: [settings] }),
      succeeded: seen,
    },
    {
      name: "Upgrade that Connection does not list",
      control,
      send: (lane) => requestText(lane, { lines: ["upgrade: h2c"] }),
      succeeded: seen,
    },
  ];
}

/** A handshake that the backend will refuse, or that nobody should have let through: RFC 6455, 4.2.1. */
function handshakes(): AttackCase[] {
  const changes: [string, Record<string, string | null>][] = [
    ["no version", { "sec-websocket-version": null }],
    ...["8", "0", "99", "13, 8", "013", "13.0", "-13"].map((version): [string, Record<string, string>] => [
      `version ${version}`,
      { "sec-websocket-version": version },
    ]),
    ["no key", { "sec-websocket-key": null }],
    ...[
      "abc",
      "x".repeat(200),
      "dGhlIHNhbXBsZSBub25jZQ",
      "dGhlIHNhbXBsZSBub25jZQ==, x",
      "!".repeat(24),
      "dGhlIHNhbXBsZSBub25jZTEyMzQ1Ng==",
    ].map((key): [string, Record<string, string>] => [`key ${key.slice(0, 40)}`, { "sec-websocket-key": key }]),
  ];
  const lines: [string, string][] = [
    ["two keys", "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=="],
    ["two versions", "sec-websocket-version: 8"],
    ["a length", "content-length: 40"],
    ["a chunked body", "transfer-encoding: chunked"],
  ];
  return [
    ...changes.map(([name, change]): AttackCase => ({
      name,
      control: "http-proxy",
      send: (lane) => upgradeText(lane, change),
      succeeded: hasArrived,
    })),
    ...lines.map(([name, line]): AttackCase => ({
      name,
      control: "http-proxy",
      // It takes an upgrade for what it is, and what follows for the socket.
      prepare: ({ anna }) => {
        anna.backend.carelessness = { ...ordinary, hasBodiless: true };
      },
      send: (lane) => upgradeText(lane, {}, { lines: [line] }),
      succeeded: hasArrived,
    })),
    {
      name: "HTTP/1.0",
      control: "http-proxy",
      send: (lane) => upgradeText(lane, {}, { version: "HTTP/1.0" }),
      succeeded: hasArrived,
    },
  ];
}

/** A backend that takes any key, or says more than it was asked: the browser must not be told that it worked. */
function answers(): AttackCase[] {
  const says = (upgradeAnswer: RawBackend["upgradeAnswer"]): Pick<AttackCase, "prepare"> => ({
    prepare: ({ anna }) => {
      anna.backend.upgradeAnswer = upgradeAnswer;
    },
  });
  const bare = (...lines: string[]) => ["HTTP/1.1 101 Switching Protocols", ...lines, "", ""].join("\r\n");
  const isOpened: AttackCase["succeeded"] = (evidence) => readAnswer(evidence)?.status === 101;
  const wrong: [string, string][] = [
    [
      "a wrong accept",
      bare("upgrade: websocket", "connection: Upgrade", "sec-websocket-accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ],
    ["no accept", bare("upgrade: websocket", "connection: Upgrade")],
    ["another protocol", bare("upgrade: h2c", "connection: Upgrade")],
    ["no Upgrade", bare("connection: Upgrade", "sec-websocket-accept: x")],
  ];
  const hostile = [
    "set-cookie: __session=evil; Path=/",
    "clear-site-data: *",
    "access-control-allow-origin: *",
    "x-evil: 1",
    "content-security-policy: default-src *",
  ];
  const control: ControlName = "http-proxy";
  return [
    ...wrong.map(([name, text]): AttackCase => ({
      name,
      control,
      send: (lane) => upgradeText(lane),
      ...says(() => text),
      succeeded: isOpened,
    })),
    ...hostile.map((line): AttackCase => ({
      name: `101 with ${line}`,
      control,
      send: (lane) => upgradeText(lane),
      ...says((request) => acceptUpgrade(request, [line])),
      succeeded: ({ answer }) => answer.toLowerCase().includes(line.toLowerCase()),
    })),
    {
      name: "an extension that nobody offered",
      control,
      send: (lane) => upgradeText(lane),
      ...says((request) => acceptUpgrade(request, ["sec-websocket-extensions: permessage-deflate"])),
      succeeded: ({ answer }) => answer.includes("permessage-deflate"),
    },
    {
      name: "a protocol that was not offered",
      control,
      send: (lane) => upgradeText(lane, {}, { lines: ["sec-websocket-protocol: chat"] }),
      ...says((request) => acceptUpgrade(request, ["sec-websocket-protocol: evil"])),
      succeeded: ({ answer }) => answer.includes("evil"),
    },
    {
      name: "a refusal that sets a cookie",
      control,
      send: (lane) => upgradeText(lane),
      ...says(() => answerWith("no", ["set-cookie: __session=evil"], "403 Forbidden")),
      succeeded: ({ answer }) => answer.toLowerCase().includes("set-cookie"),
    },
    {
      name: "a refusal that is a page",
      control,
      send: (lane) => upgradeText(lane),
      ...says(() => answerWith("<script>1</script>", ["content-type: text/html"], "200 OK")),
      succeeded: ({ answer }) => answer.includes("<script>"),
    },
  ];
}

/** Another site's page opens a socket with the visitor's cookie: browsers ask nobody first. */
function crossSite(): AttackCase[] {
  const { protocol, host } = new URL(ORIGIN);
  const origins = [
    "https://evil.example",
    "null",
    `${protocol}//${host}.evil.example`,
    `${protocol}//evil${host}`,
    `${protocol}//${host}@evil.example`,
    `${protocol}//sub.${host}`,
    `https://${host}`,
    `${ORIGIN}:81`,
    `${ORIGIN}/`,
    `${ORIGIN}/x`,
    ORIGIN.toUpperCase(),
    `${ORIGIN} https://evil.example`,
    `${ORIGIN}, https://evil.example`,
    "file://",
    "chrome-extension://abc",
    host,
    "",
    " ",
  ];
  const isOpened: AttackCase["succeeded"] = (evidence) => readAnswer(evidence)?.status === 101;
  return [
    ...origins.map((origin): AttackCase => ({
      name: `Origin: ${origin}`,
      control: "no socketOrigin",
      send: (lane) => upgradeText(lane, {}, { origin }),
      succeeded: isOpened,
    })),
    {
      name: "no Origin",
      control: "no socketOrigin",
      send: (lane) => upgradeText(lane, {}, { origin: null }),
      succeeded: isOpened,
    },
    {
      name: "two Origins",
      control: "http-proxy",
      send: (lane) => requestText(lane, { lines: [...upgradeLines, "origin: https://evil.example"] }),
      succeeded: isOpened,
    },
  ];
}
