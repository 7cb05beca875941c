import { ORIGIN } from "../../../../proxy/test/ingress-harness.ts";
import { answerWith } from "../../steps/raw-backend.ts";
import type { AttackCase, AttackClass, Evidence, Lane } from "../attack-case.ts";
import { mine, readAnswer, requestText } from "../request-text.ts";

/** What an agent may make the browser believe; agents run what they read, so their answers are anybody's. */
export function responseClasses(): AttackClass[] {
  return [
    { name: "cache deception", cases: caching() },
    { name: "hostile response headers", cases: hostile() },
    { name: "content that would run", cases: content() },
    { name: "redirects", cases: redirects() },
    { name: "CRLF in redirects", cases: splitting() },
  ];
}

const answering =
  (text: string) =>
  ({ anna }: Lane): void => {
    anna.backend.answer = () => text;
  };

const valuesOf = (evidence: Evidence, name: string): string[] =>
  (readAnswer(evidence)?.headers ?? []).filter(([one]) => one === name).map(([, value]) => value);

/** RFC 9111, 3 and 5.2.2: a shared cache may keep it, or a cache of our edge is told to. */
function mayBeShared(evidence: Evidence): boolean {
  if (readAnswer(evidence) === null) return false;
  const directives = valuesOf(evidence, "cache-control").flatMap((value) =>
    value
      .toLowerCase()
      .split(",")
      .map((one) => one.trim()),
  );
  const isPrivate = directives.includes("private") || directives.includes("no-store");
  const isOverruled = ["cdn-cache-control", "cloudflare-cdn-cache-control", "surrogate-control"].some(
    (name) => valuesOf(evidence, name).length > 0,
  );
  return !isPrivate || isOverruled || directives.some((one) => one === "public" || one.startsWith("s-maxage"));
}

function caching(): AttackCase[] {
  const lines = [
    "cache-control: public, max-age=999",
    "cache-control: max-age=999",
    "cache-control: s-maxage=999",
    "cache-control: private, s-maxage=999",
    "cache-control: x-private, max-age=999",
    "cache-control: private-ish, max-age=999",
    "cache-control: private=x-id, max-age=999",
    'cache-control: private="x-id", max-age=999',
    "cache-control: no-store-not, max-age=999",
    "cache-control: no-store=x, max-age=999",
    "cache-control: immutable",
    "cache-control: private; max-age=999",
    "expires: Thu, 01 Jan 2099 00:00:00 GMT",
    "cdn-cache-control: max-age=999",
    "cloudflare-cdn-cache-control: max-age=999",
    "surrogate-control: max-age=999",
    "cache-control: private, public, max-age=999",
    "x-nothing: 1",
  ];
  const paths = ["/profile.css", "/profile/x.js", "/profile;x.png", "/profile%20.jpg"];
  return lines.map((line, index) => {
    const path = paths[index % paths.length] ?? "/x";
    return {
      name: `${path} with ${line}`,
      control: "http-proxy",
      prepare: answering(answerWith("secret", ["content-type: application/json", line])),
      send: (lane) => requestText(lane, { target: mine(lane, path) }),
      succeeded: mayBeShared,
    };
  });
}

function hostile(): AttackCase[] {
  const lines = [
    "set-cookie: __session=evil; Path=/",
    "set-cookie2: a=b",
    'clear-site-data: "*"',
    "service-worker-allowed: /",
    "access-control-allow-origin: *",
    "access-control-allow-credentials: true",
    "access-control-expose-headers: *",
    "refresh: 0;url=https://evil.example",
    "link: <https://evil.example/x.css>; rel=stylesheet",
    "www-authenticate: Basic realm=evil",
    "proxy-authenticate: Basic realm=evil",
    "strict-transport-security: max-age=0",
    "alt-svc: h3=evil.example:443",
    "report-to: {}",
    "reporting-endpoints: evil=x",
    "nel: {}",
    "sourcemap: https://evil.example/x.map",
    "x-sourcemap: https://evil.example/x.map",
    "permissions-policy: camera=*",
    "content-location: https://evil.example/",
    "x-accel-redirect: /internal",
    "x-sendfile: /etc/passwd",
    "x-automna-internal: evil",
    "server: evil",
    "origin-agent-cluster: ?0",
    "cross-origin-opener-policy: unsafe-none",
    "document-policy: force-load-at-top",
    "supports-loading-mode: credentialed-prerender",
    "speculation-rules: /evil.json",
    "set-login: logged-out",
    "critical-ch: sec-ch-ua",
    "accept-ch: sec-ch-ua",
    "timing-allow-origin: *",
    "x-dns-prefetch-control: on",
    "onion-location: http://evil.onion",
    "digest: sha-256=evil",
    "via: evil",
    "age: 1",
    "x-frame-options: ALLOWALL",
    "p3p: evil",
    "x-xss-protection: 0",
  ];
  const replaced: [string, RegExp][] = [
    ["content-security-policy: default-src *", /default-src \*/],
    ["x-content-type-options: none", /none/],
    ["cross-origin-resource-policy: cross-origin", /cross-origin/],
    ["referrer-policy: unsafe-url", /unsafe-url/],
  ];
  const from = (line: string) => ({ name: line.slice(0, line.indexOf(":")), value: line.slice(line.indexOf(":") + 2) });
  return [
    ...lines.map((line): AttackCase => ({
      name: line,
      control: "http-proxy",
      prepare: answering(answerWith("{}", ["content-type: application/json", line])),
      send: (lane) => requestText(lane),
      succeeded: (evidence) => valuesOf(evidence, from(line).name).includes(from(line).value),
    })),
    ...replaced.map(([line, bad]): AttackCase => ({
      name: line,
      control: "http-proxy",
      prepare: answering(answerWith("{}", ["content-type: application/json", line])),
      send: (lane) => requestText(lane),
      succeeded: (evidence) => valuesOf(evidence, from(line).name).some((value) => bad.test(value)),
    })),
  ];
}

/** A browser would show it as a page or run it, on the dashboard's origin. */
function wouldRun(evidence: Evidence): boolean {
  const answer = readAnswer(evidence);
  if (answer === null) return false;
  const [type = "", ...more] = valuesOf(evidence, "content-type");
  const isInert =
    more.length === 0 &&
    /^(?:application\/(?:json|octet-stream)|text\/(?:plain|event-stream|markdown|csv)|image\/(?!svg)[\w.+-]+)(?:;|$)/i.test(
      type,
    );
  const isDownload =
    valuesOf(evidence, "content-disposition").every((value) => /^attachment(?:;|$)/i.test(value)) &&
    valuesOf(evidence, "content-disposition").length === 1;
  const isSniffed = !valuesOf(evidence, "x-content-type-options").includes("nosniff");
  const isSandboxed = valuesOf(evidence, "content-security-policy").some((value) => /^sandbox(?:;|$)/.test(value));
  return isSniffed || !isSandboxed || !(isInert || isDownload);
}

function content(): AttackCase[] {
  const types = [
    "text/html",
    "TEXT/HTML",
    "text/html; charset=utf-7",
    "text/html;",
    "text/html,application/json",
    "application/json, text/html",
    "text/plain, text/html",
    "image/svg+xml",
    "application/xhtml+xml",
    "application/xml",
    "text/xml",
    "text/xsl",
    "application/rss+xml",
    "text/javascript",
    "application/javascript",
    "application/wasm",
    "text/css",
    "application/pdf",
    "application/x-shockwave-flash",
    "multipart/x-mixed-replace; boundary=x",
    "message/rfc822",
    "multipart/related",
    "text/vtt",
    "application/manifest+json",
    "text/plain",
    "nonsense",
  ];
  const headers: [string, string[]][] = [
    ...types.map((type): [string, string[]] => [type, [`content-type: ${type}`]]),
    ["no type", []],
    ["two types", ["content-type: application/json", "content-type: text/html"]],
    ["a page, inline", ["content-type: text/html", "content-disposition: inline"]],
    [
      "a page with an attachment's name",
      ["content-type: text/html", 'content-disposition: inline; filename="attachment"'],
    ],
    [
      "a page with two dispositions",
      ["content-type: text/html", "content-disposition: attachment", "content-disposition: inline"],
    ],
  ];
  return headers.map(([name, lines]) => ({
    name,
    control: "http-proxy",
    prepare: answering(answerWith("<script>alert(1)</script>", lines)),
    send: (lane) => requestText(lane),
    succeeded: wouldRun,
  }));
}

/** A browser that follows it leaves the agent's part of the origin. */
function leaves(evidence: Evidence, { anna }: Lane): boolean {
  const [location] = valuesOf(evidence, "location");
  if (location === undefined) return false;
  const url = new URL(location, `${ORIGIN}/a/${anna.userId}/x`);
  return url.origin !== ORIGIN || !url.pathname.startsWith(`/a/${anna.userId}/`);
}

function redirects(): AttackCase[] {
  const locations = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example\\",
    "\\/evil.example",
    "https:/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    `${ORIGIN}/api/me`,
    "/api/me",
    "/../api/me",
    "/x/../../../api/me",
    "/%2e%2e/%2e%2e/%2e%2e/api/me",
    "/a/user_00000000000000000000/x",
    "../../api/me",

    ".//../../../api",
    "/a/../api/me",
    "http://[::1]/",
    "//evil.example%2f@automna.test/",
  ];
  const statuses = [
    "302 Found",
    "301 Moved Permanently",
    "303 See Other",
    "307 Temporary Redirect",
    "308 Permanent Redirect",
    "201 Created",
  ];
  return locations.map((location, index) => ({
    name: `${statuses[index % statuses.length]} to ${JSON.stringify(location)}`,
    control: "http-proxy",
    prepare: answering(answerWith("", [`location: ${location}`], statuses[index % statuses.length] ?? "302 Found")),
    send: (lane) => requestText(lane),
    succeeded: leaves,
  }));
}

/** An agent's server that puts part of the address into its redirect as it is. */
function splitting(): AttackCase[] {
  const inject = "Set-Cookie:__session=evil";
  const crlf = ["%0d%0a", "%0D%0A", "%0d%0A", "%E5%98%8D%E5%98%8A", "%e5%98%8d%e5%98%8a"];
  const targets = [
    ...crlf.flatMap((end) => [`/go${end}${inject}`, `/go?to=${end}${inject}`, `/go/x${end}x:1${end}${inject}`]),
    `/go?to=%0d%0aLocation:https://evil.example/%0d%0a${inject}`,
    `/go%0d%0aX:1;%0d%0a${inject}`,
  ];
  const reflect = ({ anna }: Lane) => {
    anna.backend.answer = ({ target }) => {
      // As servers do that write characters as bytes: U+560D and U+560A become CR and LF.
      const decoded = Buffer.from(decodeURIComponent(target), "utf16le").filter((_, index) => index % 2 === 0);
      return answerWith("", [`location: ${Buffer.from(decoded).toString("latin1")}`], "302 Found");
    };
  };
  return targets.map((target) => ({
    name: target,
    control: "http-proxy",
    prepare: reflect,
    send: (lane) => requestText(lane, { target: mine(lane, target) }),
    succeeded: ({ answer }) => /^set-cookie:/im.test(answer),
  }));
}
