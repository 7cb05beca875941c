import { ORIGIN } from "../../../../proxy/test/ingress-harness.ts";
import type { AttackCase, AttackClass, Lane } from "../attack-case.ts";
import { hasArrived, mine, requestText } from "../request-text.ts";

/** What another page makes a browser do, and what an agent's own file could become on the dashboard's origin. */
export function browserClasses(): AttackClass[] {
  return [
    { name: "cross-site requests", cases: crossSite() },
    { name: "cookie tossing", cases: tossing() },
    { name: "service worker, script, frame and navigation", cases: embedding() },
  ];
}

function crossSite(): AttackCase[] {
  const sent: [string, string, string | null, string[]][] = [
    ...["GET", "POST", "PUT", "PATCH", "DELETE"].map((method): [string, string, string, string[]] => [
      `${method} from another origin`,
      method,
      "https://evil.example",
      [],
    ]),
    ["POST from the null origin", "POST", "null", []],
    ["POST from a longer name", "POST", `${ORIGIN}.evil.example`, []],
    ["POST from a sub-domain", "POST", ORIGIN.replace("//", "//apps."), ["sec-fetch-site: same-site"]],
    ["POST that says nothing of its origin", "POST", null, []],
    ["POST, cross-site", "POST", null, ["sec-fetch-site: cross-site"]],
    ["POST, same-site", "POST", null, ["sec-fetch-site: same-site"]],
    ["POST, cross-site with our own origin", "POST", ORIGIN, ["sec-fetch-site: cross-site"]],
    ["POST, typed", "POST", null, ["sec-fetch-site: none"]],
    ["GET, cross-site", "GET", null, ["sec-fetch-site: cross-site"]],
    ["GET, same-site", "GET", null, ["sec-fetch-site: same-site"]],
    ["GET, an unknown site", "GET", null, ["sec-fetch-site: Same-Origin"]],
    ["POST as a form", "POST", null, ["content-type: application/x-www-form-urlencoded"]],
    ["POST as plain text", "POST", null, ["content-type: text/plain"]],
  ];
  return sent.map(([name, method, origin, lines]) => ({
    name,
    control: "no origin",
    send: (lane) =>
      requestText(lane, { method, origin, lines: method === "GET" ? lines : [...lines, "content-length: 0"] }),
    succeeded: hasArrived,
  }));
}

/** A page on a neighbouring domain leaves bert's session in anna's browser: what she writes would be his to read. */
function tossing(): AttackCase[] {
  const both =
    (join: (anna: string, bert: string) => string) =>
    ({ anna, bert }: Lane) =>
      join(anna.cookie, bert.token);
  const cookies: [string, (lane: Lane) => string][] = [
    ["behind the real one", both((anna, bert) => `${anna}; __session=${bert}`)],
    ["twice behind the real one", both((anna, bert) => `${anna}; __session=${bert}; __session=${bert}`)],
    ["behind others", both((anna, bert) => `${anna}; a=1; __session=${bert}`)],
    ["without a space", both((anna, bert) => `${anna};__session=${bert}`)],
    ["with another case", both((anna, bert) => `${anna}; __SESSION=${bert}`)],
    ["with a mixed case", both((anna, bert) => `${anna}; __Session=${bert}`)],
    ["quoted", both((anna, bert) => `${anna}; __session="${bert}"`)],
    ["with an encoded name", both((anna, bert) => `${anna}; %5f%5fsession=${bert}`)],
    ["with half of its name encoded", both((anna, bert) => `${anna}; __%73ession=${bert}`)],
    ["behind a comma", both((anna, bert) => `${anna}, __session=${bert}`)],
    ["behind a comma within another", both((anna, bert) => `${anna}; a=1,__session=${bert}`)],
    ["with a space behind its name", both((anna, bert) => `${anna}; __session =${bert}`)],
    ["with a tab before its name", both((anna, bert) => `${anna};\t__session=${bert}`)],
    ["with a no-break space before its name", both((anna, bert) => `${anna}; \xa0__session=${bert}`)],
    ["alone, with a no-break space before its name", both((_anna, bert) => `\xa0__session=${bert}`)],
    ["alone, with a no-break space behind its name", both((_anna, bert) => `__session\xa0=${bert}`)],
    ["alone, with a next-line character before its name", both((_anna, bert) => `\x85__session=${bert}`)],
    ["alone, with another case", both((_anna, bert) => `__Session=${bert}`)],
    ["alone, in an array", both((_anna, bert) => `__session[]=${bert}`)],
    ["after $Version", both((anna, bert) => `$Version=1; ${anna}; __session=${bert}; $Path=/`)],
  ];
  const isBerts: AttackCase["succeeded"] = ({ bert }) => bert.length > 0;
  return [
    ...cookies.map(([name, cookie]): AttackCase => ({
      name,
      control: "no session",
      send: (lane) => requestText(lane, { target: `/a/${lane.bert.userId}/x`, cookie: cookie(lane) }),
      succeeded: isBerts,
    })),
    {
      name: "in a second Cookie header",
      control: "no session",
      send: (lane) =>
        requestText(lane, { target: `/a/${lane.bert.userId}/x`, lines: [`cookie: __session=${lane.bert.token}`] }),
      succeeded: isBerts,
    },
    {
      name: "before the real one",
      control: "no session",
      send: (lane) => requestText(lane, { cookie: `__session=${lane.bert.token}; ${lane.anna.cookie}` }),
      succeeded: hasArrived,
    },
  ];
}

/** A file that an agent wrote, asked for as something that would act with the dashboard's rights. */
function embedding(): AttackCase[] {
  const destinations = [
    "script",
    "style",
    "iframe",
    "frame",
    "embed",
    "object",
    "worker",
    "sharedworker",
    "serviceworker",
    "manifest",
    "xslt",
    "font",
    "report",
    "audioworklet",
    "paintworklet",
    "json",
    "Script",
    "empty, script",
    "webidentity",
  ];
  const lines: [string, string[]][] = [
    ...destinations.map((destination): [string, string[]] => [
      `as ${destination}`,
      [`sec-fetch-dest: ${destination}`, "sec-fetch-site: same-origin"],
    ]),
    ["as a service worker, in words of its own", ["service-worker: script"]],
    ["as a service worker that claims to be a fetch", ["service-worker: script", "sec-fetch-dest: empty"]],
    ["as a page", ["sec-fetch-dest: document", "sec-fetch-mode: navigate", "sec-fetch-site: none"]],
    ["as a page, by an old browser", ["accept: text/html,application/xhtml+xml"]],
    ["as a page that claims to be a fetch", ["sec-fetch-dest: empty", "sec-fetch-mode: navigate"]],
    ["as a page, fetched ahead", ["sec-fetch-dest: document", "sec-purpose: prefetch"]],
    ["as script and as fetch", ["sec-fetch-dest: empty", "sec-fetch-dest: script"]],
  ];
  return lines.map(([name, more]) => ({
    name,
    control: "http-proxy",
    send: (lane) => requestText(lane, { target: mine(lane, "/sw.js"), origin: null, lines: more }),
    succeeded: hasArrived,
  }));
}
