import { answerWith } from "../../steps/raw-backend.ts";
import type { AttackCase, AttackClass } from "../attack-case.ts";
import { hasArrived, requestText, upgradeText } from "../request-text.ts";

export function methodClasses(): AttackClass[] {
  return [
    { name: "methods", cases: methods() },
    { name: "versions of HTTP", cases: versions() },
    { name: "a port that is another's by now", cases: strangers() },
  ];
}

function methods(): AttackCase[] {
  return [
    "TRACE",
    "PROPFIND",
    "MKCOL",
    "MOVE",
    "COPY",
    "LOCK",
    "PURGE",
    "SEARCH",
    "REPORT",
    "LINK",
    "M-SEARCH",
    "SUBSCRIBE",
    "QUERY",
  ].map((method) => ({
    name: method,
    control: "http-proxy",
    send: (lane) => requestText(lane, { method }),
    succeeded: hasArrived,
  }));
}

function versions(): AttackCase[] {
  const strange = ["HTTP/1.2", "HTTP/1.9", "HTTP/2.0", "HTTP/0.9", "HTTP/3.0"];
  return [
    ...["GET", "POST", "DELETE"].map((method): AttackCase => ({
      name: `${method} HTTP/1.0`,
      control: "no framing",
      send: (lane) => requestText(lane, { method, version: "HTTP/1.0" }),
      succeeded: hasArrived,
    })),
    {
      name: "HTTP/1.0 that stays open",
      control: "no framing",
      send: (lane) => requestText(lane, { version: "HTTP/1.0", lines: ["connection: keep-alive"] }),
      succeeded: hasArrived,
    },
    ...strange.map((version): AttackCase => ({
      name: version,
      control: "http-proxy, lenient",
      send: (lane) => requestText(lane, { version }),
      succeeded: hasArrived,
    })),
  ];
}

/** Who answers at the address is not anna's agent: it gets neither the key that opens hers nor what she sends. */
function strangers(): AttackCase[] {
  const proofs: [string, (right: string) => string][] = [
    ["knows no proof", () => answerWith('{"ok":true,"status":"live"}')],
    ["forges a proof", (right) => answerWith(right.replace(/"proof":"[^"]+"/, `"proof":"${"A".repeat(43)}"`))],
    ["has an empty proof", (right) => answerWith(right.replace(/"proof":"[^"]+"/, '"proof":""'))],
    ["answers with a page", () => answerWith("<h1>hello</h1>", ["content-type: text/html"])],
    ["answers with an error", (right) => answerWith(right, [], "404 Not Found")],
    ["answers with a redirect", () => answerWith("", ["location: /"], "302 Found")],
    ["says more than it was asked", (right) => `${answerWith(right)}HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n`],
    ["has a proof of unknown length", (right) => `HTTP/1.1 200 OK\r\n\r\n${right}`],
    ["answers 1 MB", () => answerWith("x".repeat(1_000_000))],
    ["is an old HTTP", (right) => answerWith(right).replace("HTTP/1.1", "HTTP/1.0")],
  ];
  return proofs.flatMap(([name, proof]) => {
    const prepare: AttackCase["prepare"] = ({ anna }) => {
      anna.backend.proofAnswer = proof;
    };
    return [
      {
        name: `it ${name}: a body`,
        control: "no backendProof",
        prepare,
        send: (lane) => requestText(lane, { method: "POST", lines: ["content-length: 6"], body: "secret" }),
        succeeded: hasArrived,
      },
      {
        name: `it ${name}: an upgrade`,
        control: "no backendProof",
        prepare,
        send: (lane) => upgradeText(lane),
        succeeded: hasArrived,
      },
    ] satisfies AttackCase[];
  });
}
