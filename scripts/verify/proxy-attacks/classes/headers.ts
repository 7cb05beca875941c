import type { AttackCase, AttackClass } from "../attack-case.ts";
import { hasArrived, hasHeader, HOST, mine, requestText, upgradeText } from "../request-text.ts";

/** What a request says about itself, and must not. */
export function headerClasses(): AttackClass[] {
  return [
    { name: "duplicate and foreign Host", cases: hosts() },
    { name: "internal headers", cases: internal() },
    { name: "X-Forwarded and its family", cases: forwarded() },
    { name: "headers of one connection", cases: hopByHop() },
    { name: "credentials on their way upstream", cases: credentials() },
    { name: "headers that change the request", cases: overrides() },
  ];
}

const FORGED = "evil.9.9.9.9";

function hosts(): AttackCase[] {
  const seen: AttackCase["succeeded"] = (evidence) => hasHeader(evidence, "evil", "host");
  const names = [
    "evil.example",
    "evil.example:80",
    `${HOST}.evil.example`,
    "user@evil.example",
    "evil.example#",
    "EVIL.evil",
    `${HOST}, evil.example`,
    "evil_example",
  ];
  return [
    ...names.map((host): AttackCase => ({
      name: `Host: ${host}`,
      control: "http-proxy",
      send: (lane) => requestText(lane, { host }),
      succeeded: seen,
    })),
    ...[
      [HOST, HOST],
      [HOST, "evil.example"],
      ["evil.example", HOST],
    ].map(([first = "", second]): AttackCase => ({
      name: `two hosts, ${first} and ${second}`,
      control: "no framing",
      send: (lane) => requestText(lane, { host: first, lines: [`host: ${second}`] }),
      succeeded: hasArrived,
    })),
    {
      name: "no host",
      control: "http-proxy, lenient",
      send: (lane) => requestText(lane, { host: null }),
      succeeded: hasArrived,
    },
    {
      name: "a second host of an upgrade",
      control: "no framing",
      send: (lane) => upgradeText(lane, {}, { lines: ["host: evil.example"] }),
      succeeded: hasArrived,
    },
  ];
}

const forge = (control: AttackCase["control"], line: string, isUpgrade = false): AttackCase => ({
  name: isUpgrade ? `${line}, in an upgrade` : line,
  control,
  send: (lane) => (isUpgrade ? upgradeText(lane, {}, { lines: [line] }) : requestText(lane, { lines: [line] })),
  succeeded: (evidence) => hasHeader(evidence, FORGED),
});

function internal(): AttackCase[] {
  const names = [
    "X-Automna-Internal",
    "x-automna-internal",
    "X-Automna-User",
    "X-Automna-Egress",
    "X-AUTOMNA-ANYTHING",
    "X_Automna_Internal",
    "X-Automna_Internal",
    "x_automna-user",
    "X_AUTOMNA_USER",
    "X-OpenClaw-Scopes",
    "x-openclaw-user",
    "X_OpenClaw_Scopes",
    "X-OpenClaw_Scopes",
    "X-Request-Id",
  ];
  const control = "no requestHeaders";
  return [
    ...names.map((name) => forge(control, `${name}: ${FORGED}`)),
    ...names.filter((_, index) => index % 2 === 0).map((name) => forge(control, `${name}: ${FORGED}`, true)),
    // Listed in Connection, ours would be taken out by whoever follows the standard behind us.
    ...["X-Automna-Internal", "close, X-Automna-User", "keep-alive, x-request-id"].map((value): AttackCase => ({
      name: `Connection: ${value}`,
      control: "http-proxy",
      send: (lane) => requestText(lane, { lines: [`connection: ${value}`] }),
      succeeded: (evidence) => hasHeader(evidence, value.split(" ").at(-1) ?? "", "connection"),
    })),
  ];
}

function forwarded(): AttackCase[] {
  const names = [
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Server",
    "X-Forwarded-User",
    "X-Forwarded-Client-Cert",
    "X-Forwarded",
    "X_Forwarded_For",
    "Forwarded",
    "Forwarded-For",
    "Via",
    "X-Real-IP",
    "X-Client-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
    "CF-IPCountry",
    "CDN-Loop",
    "Fastly-Client-IP",
    "Fly-Client-IP",
    "X-Cluster-Client-IP",
    "X-Original-Forwarded-For",
    "X-Originating-IP",
    "X-Remote-IP",
    "X-Remote-Addr",
    "X-Envoy-External-Address",
    "X-Host",
    "X-Original-Host",
    "Client-IP",
    "X-ProxyUser-Ip",
    "WL-Proxy-Client-IP",
  ];
  return names.map((name) => forge("http-proxy", `${name}: ${FORGED}`));
}

function hopByHop(): AttackCase[] {
  const lines = [
    `Proxy-Authorization: ${FORGED}`,
    `Proxy-Connection: ${FORGED}`,
    `Proxy: http://${FORGED}`,
    `Keep-Alive: ${FORGED}`,
    `TE: ${FORGED}`,
  ];
  const listed: AttackCase = {
    name: "a header that Connection lists",
    control: "http-proxy",
    send: (lane) => requestText(lane, { lines: ["connection: x-mine", `x-mine: ${FORGED}`] }),
    succeeded: (evidence) => hasHeader(evidence, FORGED, "x-mine"),
  };
  const expects = ["100-continue", "100-Continue"].map((value): AttackCase => ({
    name: `Expect: ${value}`,
    control: "http-proxy",
    send: (lane) => requestText(lane, { method: "POST", lines: [`expect: ${value}`, "content-length: 0"] }),
    succeeded: (evidence) => hasHeader(evidence, "100", "expect"),
  }));
  return [
    ...lines.map((line) => forge("http-proxy", line)),
    // The library would end the whole process over this one.
    forge("no requestHeaders", `Trailer: ${FORGED}`),
    listed,
    ...expects,
  ];
}

/** anna's agent must not learn what opens anna's account. */
function credentials(): AttackCase[] {
  const leaks: AttackCase["succeeded"] = (evidence, { anna }) => hasHeader(evidence, anna.token);
  return [
    { name: "the session cookie", control: "http-proxy", send: (lane) => requestText(lane), succeeded: leaks },
    {
      name: "the session cookie among others",
      control: "http-proxy",
      send: (lane) => requestText(lane, { cookie: `a=1; ${lane.anna.cookie}; b=2` }),
      succeeded: leaks,
    },
    {
      name: "the session cookie in an upgrade",
      control: "http-proxy",
      send: (lane) => upgradeText(lane),
      succeeded: leaks,
    },
    {
      name: "the token as a bearer",
      control: "http-proxy",
      send: (lane) => requestText(lane, { lines: [`authorization: Bearer ${lane.anna.token}`] }),
      succeeded: leaks,
    },
    {
      name: "the token as a bearer in an upgrade",
      control: "http-proxy",
      send: (lane) => upgradeText(lane, {}, { lines: [`authorization: Bearer ${lane.anna.token}`] }),
      succeeded: leaks,
    },
  ];
}

function overrides(): AttackCase[] {
  const names = [
    "X-HTTP-Method-Override",
    "X-HTTP-Method",
    "X-Method-Override",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Original-URI",
    "X-Accel-Redirect",
    "X-Middleware-Subrequest",
    "X-Remote-User",
    "Remote-User",
    "X-Authenticated-User",
    "X-WebAuth-User",
    "X-Auth-Request-User",
    "X-Forwarded-Email",
    "Early-Data",
    "X-HTTP-DestinationURL",
  ];
  return names.map((name) => ({
    ...forge("http-proxy", `${name}: ${FORGED}`),
    send: (lane) => requestText(lane, { target: mine(lane), lines: [`${name}: ${FORGED}`] }),
  }));
}
