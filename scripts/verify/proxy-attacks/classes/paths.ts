import { AGENTD_APPS_PREFIX } from "@automna/contract/agentd";
import { AGENTD_CONTROL_PREFIX } from "@automna/contract/paths";
import { ingressRouteClasses } from "../../../../proxy/src/ingress/route-classes.ts";
import type { AttackCase, AttackClass } from "../attack-case.ts";
import { helpfulReadings } from "../helpful-path.ts";
import { hasArrived, mine, requestText, upgradeText } from "../request-text.ts";

/** Which agent, and what of it: read twice, a path may mean two things. */
export function pathClasses(): AttackClass[] {
  return [
    { name: "absolute form and other targets", cases: targets() },
    { name: "dot segments in every encoding", cases: dots() },
    { name: "the control path in every spelling", cases: spellings() },
    { name: "agentd's own paths by every method", cases: ownPaths() },
    { name: "another customer's agent", cases: others() },
  ];
}

function targets(): AttackCase[] {
  const before = [
    "http://automna.test",
    "https://automna.test",
    "http://evil.example",
    "HTTP://evil.example",
    "http://user:pass@automna.test",
    "http://127.0.0.1:1",
    "ftp://evil.example",
    "//evil.example",
    "/x",
    "/..",
    "/.",
  ];
  return before.map((prefix) => ({
    name: `${prefix}/a/<user>/x`,
    control: "http-proxy",
    send: (lane) => requestText(lane, { target: `${prefix}${mine(lane)}` }),
    succeeded: hasArrived,
  }));
}

const OWN_PREFIXES = [AGENTD_CONTROL_PREFIX, AGENTD_APPS_PREFIX].map((prefix) => prefix.slice(0, -1));

/** The backend is reached with a path that a helpful server takes for agentd's own. */
const reachesControl: AttackCase["succeeded"] = ({ anna }) =>
  anna.some(({ target }) =>
    helpfulReadings(target).some((path) => OWN_PREFIXES.some((prefix) => path.startsWith(prefix))),
  );

const controlPath = (path: string): AttackCase => ({
  name: path,
  control: "no target",
  send: (lane) => requestText(lane, { target: mine(lane, path) }),
  succeeded: reachesControl,
});

function dots(): AttackCase[] {
  const up = [
    "..",
    "%2e%2e",
    "%2E%2E",
    ".%2e",
    "%2e.",
    "%252e%252e",
    "%25252e%25252e",
    "..;",
    "..;x=y",
    "%2e%2e;",
    "..%3b",
    "%c0%ae%c0%ae",
    "%EF%BC%8E%EF%BC%8E",
    "%E2%80%A4%E2%80%A4",
    "%E2%80%A5",
    "..%00",
    "%2e%00%2e",
  ];
  const across = [
    "/x/..%2f_automna/status",
    "/x/..%2F_automna/status",
    "/x/..%5c_automna/status",
    "/x\\..\\_automna/status",
    "/x/..\\_automna/status",
    "/x%2f..%2f_automna/status",
    "/x/..%252f_automna/status",
    "/x/..%c0%af_automna/status",
    "/x/..%EF%BC%8F_automna/status",
    "/x/%2e%2e%2f_automna/status",
    "/x/y/../../_automna/status",
    "/./_automna/status",
    "/%2e/_automna/status",
    "/.;/_automna/status",
    "/.%00/_automna/status",
    "/%EF%BC%852e%EF%BC%852e/_automna/status",
  ];
  return [...up.map((segment) => controlPath(`/x/${segment}/_automna/status`)), ...across.map(controlPath)];
}

function spellings(): AttackCase[] {
  return [
    "/_automna/status",
    "/_automna",
    "/_AUTOMNA/status",
    "/_Automna/claim",
    "/%5fautomna/status",
    "/%5Fautomna/status",
    "/_%61utomna/status",
    "/_automn%61/status",
    "/%5f%61%75%74%6f%6d%6e%61/status",
    "/%255fautomna/status",
    "/_automna%2fstatus",
    "/_automna%5cstatus",
    "/_automna;x/status",
    "/_automna%3bx/status",
    "/_automna%00/status",
    "/_automna%3f/status",
    "//_automna/status",
    "///_automna/status",
    "/%2f_automna/status",
    "/\\_automna/status",
    "/%5c_automna/status",
    "/;/_automna/status",
    "/;x=y/_automna/status",
    "/%3b/_automna/status",
    "/%c1%9fautomna/status",
    "/%EF%BC%BFautomna/status",
    "/%EF%BC%BF%EF%BD%81utomna/status",
    "/%EF%BC%8F_automna/status",
    "/%EF%BC%855fautomna/status",
  ].map(controlPath);
}

function ownPaths(): AttackCase[] {
  const nonce = "0".repeat(32);
  const proof = ["/healthz", "/%68ealthz", "/healthz%00", "/healthz;x", "/HEALTHZ", "/./healthz", "/healthz/"];
  const isAsked: AttackCase["succeeded"] = ({ anna }) =>
    anna.some(
      ({ target }) =>
        target.includes("nonce") &&
        helpfulReadings(target.split("?", 1)[0] ?? "").some((path) => /^\/healthz\/?$/.test(path)),
    );
  return [
    ...ingressRouteClasses
      .filter(({ kind }) => kind === "control")
      .map(({ method, path }): AttackCase => ({
        name: `${method} ${path("<user>")}`,
        control: "no target",
        send: (lane) => requestText(lane, { method, target: path(lane.anna.userId) }),
        succeeded: reachesControl,
      })),
    {
      name: "an upgrade to /_automna/status",
      control: "no target",
      send: (lane) => upgradeText(lane, {}, { target: mine(lane, "/_automna/status") }),
      succeeded: reachesControl,
    },
    ...proof.slice(1).map((path): AttackCase => ({
      name: `the proof of identity at ${path}`,
      control: "no target",
      send: (lane) => requestText(lane, { target: mine(lane, `${path}?nonce=${nonce}`) }),
      succeeded: isAsked,
    })),
    {
      name: "the proof of identity behind an encoded question mark",
      control: "no target",
      send: (lane) => requestText(lane, { target: mine(lane, `/healthz%3fnonce=${nonce}`) }),
      succeeded: ({ anna }) => anna.some(({ target }) => target.includes("healthz")),
    },
  ];
}

function others(): AttackCase[] {
  const reaches: AttackCase["succeeded"] = ({ bert }) => bert.length > 0;
  const paths = ["", "/", "/x", "/chat", "/healthz", "/files/a%20b", "?x=1"];
  return [
    ...ingressRouteClasses
      .filter(({ kind }) => kind === "forward")
      .map(({ method, path }): AttackCase => ({
        name: `${method} with one's own session`,
        control: "no ownership",
        send: (lane) => requestText(lane, { method, target: path(lane.bert.userId) }),
        succeeded: reaches,
      })),
    ...paths.map((path): AttackCase => ({
      name: `GET /a/<other>${path}`,
      control: "no ownership",
      send: (lane) => requestText(lane, { target: `/a/${lane.bert.userId}${path}` }),
      succeeded: reaches,
    })),
    {
      name: "an upgrade with one's own session",
      control: "no ownership",
      send: (lane) => upgradeText(lane, {}, { target: `/a/${lane.bert.userId}/ws` }),
      succeeded: reaches,
    },
  ];
}
